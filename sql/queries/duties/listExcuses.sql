with matching as not materialized (
    select e.*
    from anze.excuse e
    where true
      and e.province = :scope_province --? scope_province
      and e.city = :scope_city --? scope_city
      and e.county = :scope_county --? scope_county
      and e.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and e.decision is null --? decision=none
      and e.decision = 'approved' --? decision=approved
      and e.decision = 'refused' --? decision=refused
      and e.unit_id = :unit_id::uuid --? unit_id
      and e.obligation_id = :obligation_id::uuid --? obligation_id
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
found as (
    select m.*, row_number() over () as place
    from (
        -- Of a unit and those under it: a page of each in the order of its index, and these merged.
        select w.* --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
        select t.* from matching t
        where true
          and t.unit_id = u.unit_id --? scope_unit
          and (requested_at, id) < (
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by requested_at desc, id desc
        limit :limit::int + 1 --? scope_unit
        ) w --? scope_unit
        order by w.requested_at desc, w.id desc --? scope_unit
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.excuse_json(e) order by f.place) filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.requested_at::text, g.id)::text from found g where g.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f
join anze.excuse e on e.id = f.id
