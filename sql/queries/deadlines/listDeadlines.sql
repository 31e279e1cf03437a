-- Deadlines of each subject and obligations, each read from the index of its scope by its due times, and merged: first
-- what runs, the soonest first (ahead), then what is overdue, the latest first (behind), which is so as of the
-- first page (after_1), so that nothing changes its place while somebody turns pages. Who may not read accidents or
-- duties gets none of theirs.
with subjects as (
    select s.code from anze.subject s
    where s.clocks = 'deadline' and (s.read_scope is null or s.read_scope = any (anze.scopes()))
      and s.code = any (:kind::text[]) --? kind
),
deadlines as not materialized (
    select d.subject, d.owed_by, d.id, d.due_at
    from anze.deadline d
    where d.is_running
      and d.province = :scope_province --? scope_province
      and d.city = :scope_city --? scope_city
      and d.county = :scope_county --? scope_county
      and d.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and d.owed_by = :unit_id::uuid --? unit_id
      and starts_with(d.region_code, anze.region_prefix(:region)) --? region
      and d.sector = :sector --? sector
),
duties as not materialized (
    select o.unit_id, o.id, o.due_at
    from anze.obligation o
    where o.is_open
      and 'duties:read' = any (anze.scopes())
      and 'duty' = any (:kind::text[]) --? kind
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and o.unit_id = :unit_id::uuid --? unit_id
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
      and o.sector = :sector --? sector
),
-- CASE, because under row-level security a COALESCE counts as leaky, and the index would not be asked. A filter by due
-- times stands where the index is entered, and beside it only where it is left. What has no due time is not listed.
deadlines_ahead as not materialized (
    select t.* from deadlines t
    where (t.due_at, t.id) > (
        greatest(case when :after_1::text is null then statement_timestamp()
                      when :after_2::timestamptz <= :after_1::timestamptz then 'infinity' else :after_2::timestamptz end
                 , :due_after::timestamptz --? due_after
                ),
        case when :after_1::text is null then repeat('f', 32) else :after_3 end::uuid)
      and t.due_at < 'infinity' --? !due_before
      and t.due_at < :due_before::timestamptz --? due_before
      and false --? state=overdue
      and false --? overdue=true
),
duties_ahead as not materialized (
    select t.* from duties t
    where (t.due_at, t.id) > (
        greatest(case when :after_1::text is null then statement_timestamp()
                      when :after_2::timestamptz <= :after_1::timestamptz then 'infinity' else :after_2::timestamptz end
                 , :due_after::timestamptz --? due_after
                ),
        case when :after_1::text is null then repeat('f', 32) else :after_3 end::uuid)
      and t.due_at < 'infinity' --? !due_before
      and t.due_at < :due_before::timestamptz --? due_before
      and false --? state=overdue
      and false --? overdue=true
),
deadlines_behind as not materialized (
    select t.* from deadlines t
    where (t.due_at, t.id) < (
        least(case when :after_1::text is null then statement_timestamp()
                   when :after_2::timestamptz <= :after_1::timestamptz then :after_2::timestamptz
                   else :after_1::timestamptz end
              , :due_before::timestamptz - interval '1 microsecond' --? due_before
             ),
        case when :after_2::timestamptz <= :after_1::timestamptz then :after_3 else repeat('f', 32) end::uuid)
      and t.due_at > :due_after::timestamptz --? due_after
      and false --? state=running
      and false --? overdue=false
),
duties_behind as not materialized (
    select t.* from duties t
    where (t.due_at, t.id) < (
        least(case when :after_1::text is null then statement_timestamp()
                   when :after_2::timestamptz <= :after_1::timestamptz then :after_2::timestamptz
                   else :after_1::timestamptz end
              , :due_before::timestamptz - interval '1 microsecond' --? due_before
             ),
        case when :after_2::timestamptz <= :after_1::timestamptz then :after_3 else repeat('f', 32) end::uuid)
      and t.due_at > :due_after::timestamptz --? due_after
      and false --? state=running
      and false --? overdue=false
),
-- Who the caller is, where it asks what it owes itself. Of an accident's clock its own function knows.
owing as (select distinct unnest(anze.caller_units()) as unit_id), --? owed_by
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from deadlines d
    where d.subject in (select s.code from subjects s)
      and d.due_at < 'infinity'
      and d.due_at < :due_before::timestamptz --? due_before
      and d.due_at > :due_after::timestamptz --? due_after
      and d.due_at > statement_timestamp() --? state=running
      and d.due_at > statement_timestamp() --? overdue=false
      and d.due_at <= statement_timestamp() --? state=overdue
      and d.due_at <= statement_timestamp() --? overdue=true
      and d.owed_by = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and case d.subject when 'accident' then anze.caller_owes_clock(d.id) --? owed_by
                         else d.owed_by = any (array(select w.unit_id from owing w)) end --? owed_by
    union all
    select count(*) from duties o
    where true
      and o.due_at < 'infinity'
      and o.due_at < :due_before::timestamptz --? due_before
      and o.due_at > :due_after::timestamptz --? due_after
      and o.due_at > statement_timestamp() --? state=running
      and o.due_at > statement_timestamp() --? overdue=false
      and o.due_at <= statement_timestamp() --? state=overdue
      and o.due_at <= statement_timestamp() --? overdue=true
      and o.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and o.unit_id = any (array(select w.unit_id from owing w)) --? owed_by
),
-- Of a unit and those under it, each subject: where the next row comes first (sql/README.md, One plan for each
-- statement).
unit as ( --? scope_unit
    select u.id from unnest(array(select anze.units_under(:scope_unit::uuid))) u(id) --? scope_unit
), --? scope_unit
nearest_ahead as ( --? scope_unit
    select n.subject, n.unit_id, --? scope_unit
           coalesce(nth_value(n.due_at, :limit::int + 1) over next, 'infinity') as last_1, --? scope_unit
           coalesce(nth_value(n.id, :limit::int + 1) over next, repeat('f', 32)::uuid) as last_2 --? scope_unit
    from ( --? scope_unit
        select s.code as subject, u.id as unit_id, h.due_at, h.id --? scope_unit
        from unit u cross join subjects s cross join lateral ( --? scope_unit
            select f.due_at, f.id from deadlines_ahead f --? scope_unit
            where f.owed_by = u.id and f.subject = s.code order by f.due_at, f.id limit 1) h --? scope_unit
        union all --? scope_unit
        select 'obligation', u.id, h.due_at, h.id --? scope_unit
        from unit u cross join lateral ( --? scope_unit
            select f.due_at, f.id from duties_ahead f where f.unit_id = u.id --? scope_unit
            order by f.due_at, f.id limit 1) h --? scope_unit
        order by due_at, id --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.due_at, n.id --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
nearest_behind as ( --? scope_unit
    select n.subject, n.unit_id, --? scope_unit
           coalesce(nth_value(n.due_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           coalesce(nth_value(n.id, :limit::int + 1) over next, repeat('0', 32)::uuid) as last_2 --? scope_unit
    from ( --? scope_unit
        select s.code as subject, u.id as unit_id, h.due_at, h.id --? scope_unit
        from unit u cross join subjects s cross join lateral ( --? scope_unit
            select f.due_at, f.id from deadlines_behind f --? scope_unit
            where f.owed_by = u.id and f.subject = s.code order by f.due_at desc, f.id desc limit 1) h --? scope_unit
        union all --? scope_unit
        select 'obligation', u.id, h.due_at, h.id --? scope_unit
        from unit u cross join lateral ( --? scope_unit
            select f.due_at, f.id from duties_behind f where f.unit_id = u.id --? scope_unit
            order by f.due_at desc, f.id desc limit 1) h --? scope_unit
        order by due_at desc, id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.due_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
ahead as not materialized (
    select m.subject, m.id, m.due_at
    from subjects s --? !scope_unit
    from nearest_ahead s --? scope_unit
    cross join owing w --? owed_by
    cross join lateral (
        select f.* from deadlines_ahead f
        where f.subject = s.code --? !scope_unit
        where f.subject = s.subject and f.owed_by = s.unit_id --? scope_unit
          and (f.due_at, f.id) <= (s.last_1, s.last_2) --? scope_unit
          and f.owed_by = w.unit_id --? owed_by
          and (f.subject <> 'accident' or anze.reach() = 'unit' and anze.caller_owes_clock(f.id)) --? owed_by
        order by f.due_at, f.id
        limit :limit::int + 1) m
    union all
    select m.subject, m.id, m.due_at --? owed_by
    from subjects s cross join lateral ( --? owed_by
        select f.* from deadlines_ahead f --? owed_by
        where s.code = 'accident' and f.subject = s.code --? owed_by
          and anze.reach() = 'region' and anze.caller_owes_clock(f.id) --? owed_by
        order by f.due_at, f.id --? owed_by
        limit :limit::int + 1) m --? owed_by
    union all --? owed_by
    select 'obligation' as subject, m.id, m.due_at
    from (values (true)) s(is_one) --? !scope_unit
    from nearest_ahead s --? scope_unit
    cross join owing w --? owed_by
    cross join lateral (
        select f.* from duties_ahead f
        where true
          and s.subject = 'obligation' and f.unit_id = s.unit_id --? scope_unit
          and f.unit_id = w.unit_id --? owed_by
          and (f.due_at, f.id) <= (s.last_1, s.last_2) --? scope_unit
        order by f.due_at, f.id
        limit :limit::int + 1) m
),
behind as not materialized (
    select m.subject, m.id, m.due_at
    from subjects s --? !scope_unit
    from nearest_behind s --? scope_unit
    cross join owing w --? owed_by
    cross join lateral (
        select f.* from deadlines_behind f
        where f.subject = s.code --? !scope_unit
        where f.subject = s.subject and f.owed_by = s.unit_id --? scope_unit
          and (f.due_at, f.id) >= (s.last_1, s.last_2) --? scope_unit
          and f.owed_by = w.unit_id --? owed_by
          and (f.subject <> 'accident' or anze.reach() = 'unit' and anze.caller_owes_clock(f.id)) --? owed_by
        order by f.due_at desc, f.id desc
        limit :limit::int + 1) m
    union all
    select m.subject, m.id, m.due_at --? owed_by
    from subjects s cross join lateral ( --? owed_by
        select f.* from deadlines_behind f --? owed_by
        where s.code = 'accident' and f.subject = s.code --? owed_by
          and anze.reach() = 'region' and anze.caller_owes_clock(f.id) --? owed_by
        order by f.due_at desc, f.id desc --? owed_by
        limit :limit::int + 1) m --? owed_by
    union all --? owed_by
    select 'obligation' as subject, m.id, m.due_at
    from (values (true)) s(is_one) --? !scope_unit
    from nearest_behind s --? scope_unit
    cross join owing w --? owed_by
    cross join lateral (
        select f.* from duties_behind f
        where true
          and s.subject = 'obligation' and f.unit_id = s.unit_id --? scope_unit
          and f.unit_id = w.unit_id --? owed_by
          and (f.due_at, f.id) >= (s.last_1, s.last_2) --? scope_unit
        order by f.due_at desc, f.id desc
        limit :limit::int + 1) m
),
found as (
    select w.*, row_number() over () as place
    from ((select a.* from ahead a order by a.due_at, a.id limit :limit::int + 1)
          union all
          (select b.* from behind b order by b.due_at desc, b.id desc limit :limit::int + 1)
          limit :limit::int + 1) w
),
shown as (
    select array_agg(f.subject) as subjects, array_agg(f.id) as ids from found f where f.place <= :limit::int
)
select coalesce((select jsonb_agg(i.body order by f.place)
                 from shown s
                 cross join lateral anze.deadline_items(s.subjects, s.ids) i
                 join found f on f.id = i.id), '[]')::text as items,
       (select jsonb_build_array(
            case when :after_1::text is null then statement_timestamp() else :after_1::timestamptz end::text,
            g.due_at::text, g.id)::text
        from found g
        where g.place = :limit::int and exists (select from found x where x.place > :limit::int)) as next
     , (select sum(n.rows) from counted n)::text as total --? count
