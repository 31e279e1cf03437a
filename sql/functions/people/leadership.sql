-- Who answers for the safety of a unit on a day: one answer for whoever has to make a call. With the caller's rights.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The leadership of units on a day.
create or replace function anze.leaders_on(unit_ids uuid[], day date)
returns table (unit_id uuid, place smallint, is_first boolean, is_in_charge boolean, portfolio text[], name text,
    holder jsonb)
stable language plpgsql as $$
#variable_conflict use_column
begin
    return query
    select a.unit_id, t.place, t.is_first_responsible, t.is_in_charge, a.portfolio, p.name,
        jsonb_strip_nulls(jsonb_build_object('appointment_id', a.id,
            'person', jsonb_build_object('id', p.id, 'name', p.name, 'phone', anze.phone_for_caller(p)),
            'post', jsonb_build_object('code', t.code, 'title_zh', t.title_zh, 'title_en', t.title_en),
            'held_from', lower(a.held), 'document_number', a.document_number, 'portfolio', a.portfolio,
            'portfolio_note', a.portfolio_note, 'is_full_time', a.is_full_time,
            'is_acting', case when a.kind = 'acting' then true end))
    from anze.post t
    cross join lateral (
        select x.* from anze.appointment x
        where x.unit_id = any (unit_ids) and x.post = t.code and x.held @> day offset 0) a
    join anze.person p on p.id = a.person_id
    where t.is_first_responsible or t.is_in_charge or t.is_leadership;
end
$$;

-- The units above one on a day, the nearest first.
create or replace function anze.superiors_on(lower_unit uuid, day date) returns uuid[] stable language plpgsql as $$
begin
    return (
        with recursive above(id, distance) as (
            select s.accountable_to, 1 from anze.unit_span s where s.unit_id = lower_unit and s.during @> day
            union all
            select s.accountable_to, a.distance + 1 from above a
            join anze.unit_span s on s.unit_id = a.id and s.during @> day where a.distance < 32)
        select array_agg(a.id order by a.distance) from above a where a.id is not null);
end
$$;

-- 党政同责: the other bodies of the same seat that answer for the same place.
create or replace function anze.counterparts_of(of_unit anze.unit) returns uuid[] stable language sql as $$
    select array_agg(u.id order by u.kind, u.name) from anze.unit u
    where of_unit.kind in ('party_committee', 'government', 'safety_committee', 'safety_office')
      and u.is_body and u.region_code = of_unit.region_code and u.id <> of_unit.id and u.closed_on is null
      and u.kind in ('party_committee', 'government', 'safety_committee')
$$;

-- Other units with who is first responsible and who is in charge there, in their order.
create or replace function anze.answerable_json(unit_ids uuid[], day date) returns jsonb stable language plpgsql as $$
begin
    return (
        with leaders as materialized (select * from anze.leaders_on(unit_ids, day))
        select coalesce(jsonb_agg(jsonb_build_object('unit', anze.unit_reference(u),
            'first_responsible', (select coalesce(jsonb_agg(l.holder order by l.place, l.name), '[]') from leaders l
                                  where l.unit_id = u.id and l.is_first),
            'in_charge', (select coalesce(jsonb_agg(l.holder order by l.place, l.name), '[]') from leaders l
                          where l.unit_id = u.id and l.is_in_charge)) order by i.place), '[]')
        from unnest(unit_ids) with ordinality i(id, place) join anze.unit u on u.id = i.id);
end
$$;

create or replace function anze.unit_leadership(shown uuid, day date) returns jsonb stable language plpgsql as $$
declare
    u anze.unit;
begin
    select * into u from anze.unit x where x.id = shown;
    if u.id is null then
        return null;
    end if;
    return (
        with leaders as materialized (select * from anze.leaders_on(array[shown], day))
        select jsonb_build_object('unit', anze.unit_reference(u), 'on', day,
            'first_responsible', coalesce(jsonb_agg(l.holder order by l.place, l.name) filter (where l.is_first), '[]'),
            'in_charge', coalesce(jsonb_agg(l.holder order by l.place, l.name) filter (where l.is_in_charge), '[]'),
            'others', coalesce(jsonb_agg(l.holder order by l.place, l.name)
                               filter (where not l.is_first and not l.is_in_charge), '[]'),
            'portfolios', (
                select coalesce(jsonb_agg(g.portfolio order by g.sector), '[]') from (
                    select s.code as sector, jsonb_build_object('sector', s.code, 'title_zh', s.title_zh,
                        'title_en', s.title_en, 'holders', jsonb_agg(o.holder order by o.place, o.name)) as portfolio
                    from leaders o cross join unnest(o.portfolio) c(code) join anze.sector s on s.code = c.code
                    group by s.code) g),
            'vacant', (
                select coalesce(jsonb_agg(jsonb_build_object('code', t.code, 'title_zh', t.title_zh,
                    'title_en', t.title_en) order by t.place), '[]')
                from anze.post t
                where t.is_first_responsible and t.is_single and u.kind = any (t.unit_kinds)
                  and not exists (select from leaders o where o.holder #>> '{post,code}' = t.code)),
            'counterparts', anze.answerable_json(anze.counterparts_of(u), day),
            'above', anze.answerable_json(anze.superiors_on(shown, day), day))
        from leaders l);
end
$$;
