with matching as not materialized (
    select a.* from anze.appointment a
    where true
      and a.province = :scope_province --? scope_province
      and a.city = :scope_city --? scope_city
      and a.county = :scope_county --? scope_county
      and a.town = left(:scope_town, 9) --? scope_town
      and :scope_none::text is null --? scope_none
      and (a.is_body or a.sector = :scope_sector) --? scope_sector
      and (a.is_body or a.sector = any (:scope_sectors::text[])) --? scope_sectors
      and a.unit_id = :unit_id::uuid --? unit_id
      and a.person_id = :person_id::uuid --? person_id
      and a.post = :post --? post
      and a.begins_on <= :on::date and a.held @> :on::date --? on
      and starts_with(a.region_code, anze.region_prefix(:region)) --? region
      and a.portfolio @> array[:portfolio] --? portfolio
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_around(:scope_unit::uuid))) --? scope_unit
),
following as not materialized (
    select t.* from matching t
    -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
    where (t.begins_on, t.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::date,
                        case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- Of a unit and those around it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.begins_on, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.begins_on, h.id --? scope_unit
        from unnest(array(select anze.units_around(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.begins_on, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.begins_on desc, f.id desc limit 1) h --? scope_unit
        order by h.begins_on desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.begins_on desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select m.*, row_number() over () as place
    from (
        select w.* from nearest n cross join lateral ( --? scope_unit
        select f.* from following f
        where f.unit_id = n.unit_id and (f.begins_on, f.id) >= (n.last_1, n.last_2) --? scope_unit
        order by f.begins_on desc, f.id desc
        limit :limit::int + 1 --? scope_unit
        ) w order by w.begins_on desc, w.id desc --? scope_unit
        limit :limit::int + 1) m
)
select coalesce((
           select jsonb_agg(anze.appointment_json(a) order by f.place)
           from found f join anze.appointment a on a.id = f.id where f.place <= :limit::int), '[]')::text as items,
       (select jsonb_build_array(f.begins_on::text, f.id)::text from found f
        where f.place = :limit::int and exists (select from found g where g.place > :limit::int)) as next
     , (select n.rows from counted n)::text as total --? count
