-- An accident that is not seen is no empty list, but nothing at all.
with found as (
    select r.number, anze.accident_report_json(r, c.number) as body,
           row_number() over (order by r.number) as place
    from (
        select * from anze.accident_report x
        where x.accident_id = :accident_id::uuid
          and x.number > :after_1::integer --? after_1
        order by x.number
        limit :limit::int + 1) r
    left join anze.accident_report c on c.accident_id = r.accident_id and c.corrects = r.number
)
select coalesce((select jsonb_agg(f.body order by f.place) from found f where f.place <= :limit::int), '[]')::text
           as items,
       (select jsonb_build_array(f.number::text)::text from found f
        where f.place = :limit::int and exists (select from found g where g.place > :limit::int)) as next
from anze.accident a
where a.id = :accident_id::uuid
