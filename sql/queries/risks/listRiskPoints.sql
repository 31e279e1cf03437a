with matching as not materialized (
    select p.* from anze.risk_point p
    where true
      and p.province = :scope_province --? scope_province
      and p.city = :scope_city --? scope_city
      and p.county = :scope_county --? scope_county
      and p.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and p.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (p.sector = :scope_sector or p.unit_id = :unit::uuid) --? scope_sector
      and (p.sector = any (:scope_sectors::text[]) or p.unit_id = :unit::uuid) --? scope_sectors
      and p.unit_id = :unit_id::uuid --? unit_id
      and p.colour = any (:colour::text[]) --? colour
      -- The order begins with the rank, which is the place of the colour: where these begin and end.
      and p.rank >= (select min(c.place) from anze.risk_colour c where c.code = any (:colour::text[])) --? colour
      and p.rank <= (select max(c.place) from anze.risk_colour c where c.code = any (:colour::text[])) --? colour
      and starts_with(p.region_code, anze.region_prefix(:region)) --? region
      and p.sector = :sector --? sector
      and (p.assessed_on is null or p.assessed_on < :not_assessed_since::date) --? not_assessed_since
      and p.ended_on is null --? ended=false
      and p.ended_on is not null --? ended=true
),
found as (
    select m.*, row_number() over () as number
    from (
        select * from matching
        -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
        where (rank, id) > (case when :after_1::text is null then '-1' else :after_1 end::smallint,
                            case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
        order by rank, id
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.risk_point_item(p) order by f.number) filter (where f.number <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.rank::text, l.id)::text from found l where l.number = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found f
join anze.risk_point p on p.id = f.id
