with found as (
    select t.*, row_number() over (order by t.place, t.code) as number
    from anze.post t
    where true
      and :unit_kind = any (t.unit_kinds) --? unit_kind
      and (t.place, t.code) > (:after_1::int, :after_2) --? after_1
    order by t.place, t.code
    limit :limit::int + 1
)
select coalesce(json_agg(json_build_object(
           'code', code, 'title_zh', title_zh, 'title_en', title_en, 'unit_kinds', unit_kinds, 'is_single', is_single,
           'is_first_responsible', is_first_responsible, 'is_leadership', is_leadership, 'is_in_charge', is_in_charge)
           order by number) filter (where number <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.place::text, f.code)::text from found f where f.number = :limit::int) end as next
from found
