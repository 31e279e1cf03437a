with found as (
    select k.*, row_number() over (order by k.version) as place
    from anze.case_kind k
    where k.code = :kind
      and k.version > :after_1::integer --? after_1
    order by k.version
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.case_kind_head(f.code, f.version) order by f.place)
                filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.version::text)::text from found g where g.place = :limit::int) end as next
from found f
