with matching as not materialized (
    select o.*
    from anze.obligation o
    where o.is_open and o.due_at <= statement_timestamp() and o.missed_from <= statement_timestamp()
      -- of the last period that has ended: the next one is not missed yet
      and o.due_at > statement_timestamp() - interval '800 days'
      and o.missed_from + anze.period_step(o.period) > statement_timestamp()
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and o.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and o.duty = :duty --? duty
      and o.sector = :sector --? sector
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
),
found as (
    select t.*, row_number() over () as place
    from (
        -- One level with the order and the limit: the index is walked from the latest, and only as far as is shown.
        select m.id, m.due_at, before.id as before_id
        from matching m
        cross join lateral (select anze.missed_before(m) as id offset 0) before
        where before.id is not null
          and (m.due_at, m.id) < (
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by m.due_at desc, m.id desc
        limit :limit::int + 1) t
)
select coalesce(jsonb_agg(anze.obligation_item(o)
                          || jsonb_build_object('before', anze.obligation_item(b)) order by f.place)
                filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.due_at::text, g.id)::text from found g where g.place = :limit::int) end as next
from found f
join anze.obligation o on o.id = f.id
join anze.obligation b on b.id = f.before_id
