-- Files of the caller's scope, and those of its own unit where the scope does not hold them: each read in the order of
-- its index, and a page of both put together. What is seen through a case alone is read there and not listed here: a
-- scope within a town is narrower than its column, so it asks for itself.
with scoped as not materialized (
    select f.id, f.created_at
    from anze.file f
    where true
      and f.province = :scope_province --? scope_province
      and f.city = :scope_city --? scope_city
      and f.county = :scope_county --? scope_county
      and f.town = left(:scope_town, 9) --? scope_town
      and anze.can_see_of_unit(f.region_code, f.sector, f.unit_id) --? scope_town
      and f.unit_id = :scope_unit::uuid --? scope_unit
      and false --? scope_none
      and f.sector = :scope_sector --? scope_sector
      and f.sector = any (:scope_sectors::text[]) --? scope_sectors
      -- As a constant: the few that are not complete have an index.
      and f.state = 'uploading' --? state=uploading
      and f.state = 'complete' --? state=complete
      and f.unit_id = :unit_id::uuid --? unit_id
),
own as not materialized (
    select f.id, f.created_at
    from anze.file f
    where true
      and false --? scope_unit
      and false --? !unit
      and f.unit_id = :unit::uuid --? unit
      and (false
           or f.province is distinct from :scope_province --? scope_province
           or f.city is distinct from :scope_city --? scope_city
           or f.county is distinct from :scope_county --? scope_county
           or f.town is distinct from left(:scope_town, 9) --? scope_town
           or f.sector is distinct from :scope_sector --? scope_sector
           or (f.sector = any (:scope_sectors::text[])) is not true --? scope_sectors
          )
      -- As a constant: the few that are not complete have an index.
      and f.state = 'uploading' --? state=uploading
      and f.state = 'complete' --? state=complete
      and f.unit_id = :unit_id::uuid --? unit_id
),
page as (
    (select s.id, s.created_at from scoped s
     where (s.created_at, s.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                   case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
     order by s.created_at desc, s.id desc
     limit :limit::int + 1)
    union all
    (select o.id, o.created_at from own o
     where (o.created_at, o.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                   case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
     order by o.created_at desc, o.id desc
     limit :limit::int + 1)
),
found as (
    select p.*, row_number() over (order by p.created_at desc, p.id desc) as place
    from page p
    order by p.created_at desc, p.id desc
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.file_item(f) order by w.place) filter (where w.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.created_at::text, l.id)::text from found l where l.place = :limit::int) end as next
     , ((select count(*) from scoped) + (select count(*) from own))::text as total --? count
from found w join anze.file f on f.id = w.id
