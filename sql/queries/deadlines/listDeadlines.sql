-- Deadlines of each subject and obligations, each read from the index of its scope in the order of its due times, and merged.
-- Who may not read accidents or duties gets none of theirs.
with subjects as (
    select s.code from anze.subject s
    where s.clocks = 'deadline' and (s.read_scope is null or s.read_scope = any (anze.scopes()))
      and s.code = :kind --? kind
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
      and d.due_at <= statement_timestamp() --? overdue=true
      and d.due_at > statement_timestamp() --? overdue=false
      and d.owed_by = :unit_id::uuid --? unit_id
      and d.due_at < :due_before::timestamptz --? due_before
      and starts_with(d.region_code, anze.region_prefix(:region)) --? region
      and d.sector = :sector --? sector
),
duties as not materialized (
    select o.unit_id, o.id, o.due_at
    from anze.obligation o
    where o.is_open
      and 'duties:read' = any (anze.scopes())
      and false --? kind=case
      and false --? kind=accident
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and o.due_at <= statement_timestamp() --? overdue=true
      and o.due_at > statement_timestamp() --? overdue=false
      and o.unit_id = :unit_id::uuid --? unit_id
      and o.due_at < :due_before::timestamptz --? due_before
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
      and o.sector = :sector --? sector
),
-- The first page goes on from before everything, so that each order has one plan. CASE, because under row-level
-- security a COALESCE counts as leaky, and the index would not be asked.
following_deadlines as not materialized (
    select d.* from deadlines d
    where (d.due_at, d.id) > (case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz,
                            case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
),
following_duties as not materialized (
    select o.* from duties o
    where (o.due_at, o.id) > (case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz,
                            case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from deadlines d
    where d.subject in (select s.code from subjects s)
      and d.owed_by = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
    union all
    select count(*) from duties o
    where true
      and o.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
-- Of a unit and those under it, each subject: where the next row comes first (sql/README.md, One plan for each statement).
unit as (select anze.units_under(:scope_unit::uuid) as id), --? scope_unit
nearest as ( --? scope_unit
    select n.subject, n.unit_id, --? scope_unit
           coalesce(nth_value(n.due_at, :limit::int + 1) over next, 'infinity') as last_1, --? scope_unit
           coalesce(nth_value(n.id, :limit::int + 1) over next, repeat('f', 32)::uuid) as last_2 --? scope_unit
    from ( --? scope_unit
        select s.code as subject, u.id as unit_id, h.due_at, h.id --? scope_unit
        from unit u cross join subjects s cross join lateral ( --? scope_unit
            select f.due_at, f.id from following_deadlines f --? scope_unit
            where f.owed_by = u.id and f.subject = s.code order by f.due_at, f.id limit 1) h --? scope_unit
        union all --? scope_unit
        select 'obligation', u.id, h.due_at, h.id --? scope_unit
        from unit u cross join lateral ( --? scope_unit
            select f.due_at, f.id from following_duties f where f.unit_id = u.id --? scope_unit
            order by f.due_at, f.id limit 1) h --? scope_unit
        order by due_at, id --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.due_at, n.id rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
page as (
    select m.subject, m.id, m.due_at
    from subjects s --? !scope_unit
    from nearest s --? scope_unit
    cross join lateral (
        select f.* from following_deadlines f
        where f.subject = s.code --? !scope_unit
        where f.subject = s.subject and f.owed_by = s.unit_id --? scope_unit
          and (f.due_at, f.id) <= (s.last_1, s.last_2) --? scope_unit
        order by f.due_at, f.id
        limit :limit::int + 1) m
    union all
    select 'obligation' as subject, m.id, m.due_at
    from nearest s cross join lateral --? scope_unit
    from --? !scope_unit
    (select f.* from following_duties f
     where s.subject = 'obligation' and f.unit_id = s.unit_id --? scope_unit
       and (f.due_at, f.id) <= (s.last_1, s.last_2) --? scope_unit
     order by f.due_at, f.id
     limit :limit::int + 1) m
),
found as (
    select p.*, row_number() over (order by p.due_at, p.id) as place
    from page p order by p.due_at, p.id limit :limit::int + 1
),
shown as (
    select array_agg(f.subject) as subjects, array_agg(f.id) as ids from found f where f.place <= :limit::int
)
select coalesce((select jsonb_agg(i.body order by f.place)
                 from shown s
                 cross join lateral anze.deadline_items(s.subjects, s.ids) i
                 join found f on f.id = i.id), '[]')::text as items,
       (select jsonb_build_array(g.due_at::text, g.id)::text from found g
        where g.place = :limit::int and exists (select from found x where x.place > :limit::int)) as next
     , (select sum(n.rows) from counted n)::text as total --? count
