-- Each section reads its index from where its span begins, and no more than it counts: `counted` and one. Whoever lacks a
-- section's scope has none of it.
with known as materialized (
    select statement_timestamp() as now_at, statement_timestamp() + interval '2 hours' as soon,
        anze.end_of_day(anze.today()) as tonight,
        anze.end_of_day(anze.working_day_after(anze.today(), -1) - 1) as since,
        anze.scopes() as scopes, anze.caller_units() as units, 100 as counted, 10 as shown
),
subjects as materialized (
    select s.code from anze.subject s, known k
    where s.clocks = 'deadline' and (s.read_scope is null or s.read_scope = any (k.scopes))
),
unit as (select anze.units_under(:scope_unit::uuid) as id), --? scope_unit
spans as materialized (
    select s.* from known k cross join lateral (values
        ('due_soon', k.now_at, k.soon), ('due_today', k.soon, k.tonight), ('became_late', k.since, k.now_at)
    ) s(section, since, until)
),
deadlines as not materialized (
    select d.subject, d.owed_by, d.id, d.due_at from anze.deadline d
    where d.is_running
      and d.province = :scope_province --? scope_province
      and d.city = :scope_city --? scope_city
      and d.county = :scope_county --? scope_county
      and d.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
),
duties as not materialized (
    select o.unit_id, o.id, o.due_at from anze.obligation o
    where o.is_open and 'duties:read' = any (anze.scopes())
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
),
timed as materialized (
    select p.section, r.*, row_number() over (partition by p.section order by r.due_at, r.id) as place
    from spans p
    cross join known k
    cross join lateral (
        select m.subject, m.id, m.due_at
        from subjects s
        cross join unit u --? scope_unit
        cross join lateral (
            select f.* from deadlines f
            where f.subject = s.code and f.due_at > p.since and f.due_at <= p.until
              and f.owed_by = u.id --? scope_unit
            order by f.due_at, f.id
            limit k.counted + 1) m
        union all
        select 'obligation', m.id, m.due_at
        from (values (true)) s(is_one)
        cross join unit u --? scope_unit
        cross join lateral (
            select f.* from duties f
            where f.due_at > p.since and f.due_at <= p.until
              and f.unit_id = u.id --? scope_unit
            order by f.due_at, f.id
            limit k.counted + 1) m
        order by due_at, id
        limit k.counted + 1) r
),
-- What the caller itself owes of cases: what runs out first, then what ran out last.
owed as materialized (
    select m.*, row_number() over (
        order by m.side, case m.side when 0 then m.due_at end, m.due_at desc, m.id) as place
    from known k
    cross join lateral (select distinct unnest(k.units) as id) w
    cross join lateral (
        (select 0 as side, f.id, f.due_at from deadlines f
         where f.owed_by = w.id and f.subject = 'case' and f.due_at > k.now_at and 'cases:act' = any (k.scopes)
         order by f.due_at, f.id limit k.counted + 1)
        union all
        (select 1, f.id, f.due_at from deadlines f
         where f.owed_by = w.id and f.subject = 'case' and f.due_at <= k.now_at and 'cases:act' = any (k.scopes)
         order by f.due_at desc, f.id desc limit k.counted + 1)) m
),
-- What was entered since then, whenever it was told or happened. It was changed since then, too, which has an index; the limit
-- makes that the way in, and is more than a city changes in a long holiday.
accidents as materialized (
    select r.*, row_number() over (order by r.grade desc, r.reported_at desc, r.id) as place
    from known k
    cross join lateral (
        select a.id, a.grade, a.reported_at
        from (select x.* from anze.accident x
              where x.updated_at >= k.since and 'accidents:read' = any (k.scopes)
              order by x.updated_at desc limit 2000) a
        where a.recorded_at >= k.since
          and a.state = any ('{open,final}') and not a.is_drill
          and a.province = :scope_province --? scope_province
          and a.city = :scope_city --? scope_city
          and a.county = :scope_county --? scope_county
          and a.town = left(:scope_town, 9) --? scope_town
          and a.unit_id = :scope_unit::uuid --? scope_unit
          and false --? scope_none
        order by a.grade desc, a.reported_at desc, a.id desc
        limit k.counted + 1) r
),
warnings as materialized (
    select r.*, row_number() over (order by r.issued_at desc, r.id desc) as place
    from known k
    cross join lateral (select distinct unnest(k.units) as id) w
    cross join lateral (
        select n.id, n.issued_at from anze.notice n
        where n.unit_id = w.id and n.acknowledged_at is null and n.kind <> 'reminder' and 'duties:read' = any (k.scopes)
        order by n.issued_at desc, n.id desc
        limit k.counted + 1) r
),
listed as materialized (
    select r.*, row_number() over (order by r.opened_at desc, r.id desc) as place
    from known k
    cross join lateral (
        select c.id, c.opened_at, c.level from anze.case_file c
        where c.kind = 'listed_supervision' and c.is_open and 'hazards:read' = any (k.scopes)
          and c.province = :scope_province --? scope_province
          and c.city = :scope_city --? scope_city
          and c.county = :scope_county --? scope_county
          and c.town = left(:scope_town, 9) --? scope_town
          and c.unit_id = :scope_unit::uuid --? scope_unit
          and false --? scope_none
        order by c.opened_at desc, c.id desc
        limit k.counted + 1) r
),
-- Deadlines are rendered together, whatever section they stand in.
rendered as materialized (
    select i.id, i.body
    from (select array_agg(t.subject) as subjects, array_agg(t.id) as ids
          from timed t cross join known k where t.place <= k.shown) x
    cross join lateral anze.deadline_items(x.subjects, x.ids) i
)
select jsonb_strip_nulls(jsonb_build_object('as_of', anze.instant(k.now_at), 'since', anze.instant(k.since),
    'accidents', anze.briefing_section('accidents:read' = any (k.scopes), (
        select jsonb_agg(anze.briefing_accident(x) order by a.place)
        from accidents a join anze.accident x on x.id = a.id where a.place <= k.shown),
        (select count(*) from accidents), k.counted,
        '/v1/accidents?sort=-reported_at&updated_since=' || anze.briefing_moment(k.since)),
    'decisions', anze.briefing_section('cases:act' = any (k.scopes), (
        select jsonb_agg(anze.briefing_decision(o.id) order by o.place) from owed o where o.place <= k.shown),
        (select count(*) from owed), k.counted, '/v1/deadlines?kind=case&owed_by=me'),
    'warnings', anze.briefing_section('duties:read' = any (k.scopes), (
        select jsonb_agg(anze.notice_json(n) order by w.place)
        from warnings w join anze.notice n on n.id = w.id where w.place <= k.shown),
        (select count(*) from warnings), k.counted, '/v1/notices?acknowledged=false'),
    'listed', anze.briefing_section('hazards:read' = any (k.scopes), (
        select jsonb_agg(anze.listed_case_item(c) || jsonb_build_object('is_above', l.level > anze.caller_level())
            order by l.place)
        from listed l join anze.case_file c on c.id = l.id where l.place <= k.shown),
        (select count(*) from listed), k.counted, '/v1/listed-cases?open=true'))
    || (select jsonb_object_agg(p.section, anze.briefing_section(true, (
            select jsonb_agg(r.body order by t.place)
            from timed t join rendered r on r.id = t.id where t.section = p.section and t.place <= k.shown),
            (select count(*) from timed t where t.section = p.section), k.counted,
            case p.section
                when 'became_late' then '/v1/deadlines?state=overdue&due_after=' || anze.briefing_moment(p.since)
                when 'due_soon' then '/v1/deadlines?state=running&due_before='
                    || anze.briefing_moment(p.until + interval '1 millisecond')
                else '/v1/deadlines?state=running&due_after=' || anze.briefing_moment(p.since) || '&due_before='
                    || anze.briefing_moment(p.until + interval '1 millisecond') end))
        from spans p))::text as body
from known k
