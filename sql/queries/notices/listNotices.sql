with matching as not materialized (
    select n.* from anze.notice n
    where true
      and n.province = :scope_province --? scope_province
      and n.city = :scope_city --? scope_city
      and n.county = :scope_county --? scope_county
      and n.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and n.kind = :kind --? kind
      and n.kind = 'alert' --? kind=alert
      and n.stage = :stage --? stage
      and n.unit_id = :unit_id::uuid --? unit_id
      and n.about_unit_id = :about_unit_id::uuid --? about_unit_id
      and n.person_id = :person_id::uuid --? person_id
      and n.acknowledged_at is not null --? acknowledged=true
      and n.acknowledged_at is null --? acknowledged=false
      and starts_with(n.region_code, anze.region_prefix(:region)) --? region
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and (t.unit_id = :scope_unit::uuid --? scope_unit
           or t.about_unit_id = any (array(select anze.units_under(:scope_unit::uuid)))) --? scope_unit
),
following as not materialized (
    select t.* from matching t
    -- The first page goes on from before everything, so that there is one plan. CASE, because under row-level
    -- security a COALESCE counts as leaky, and the index would not be asked.
    where (t.issued_at, t.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                 case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- What a unit is told, and what others are told about it and those under it: of these units where the next row comes first
-- (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.about, coalesce(nth_value(n.issued_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.id as about, h.issued_at, h.id --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.issued_at, f.id from following f --? scope_unit
            where f.about_unit_id = u.id and f.unit_id <> :scope_unit::uuid --? scope_unit
              and :unit_id::text is null and :person_id::text is null --? scope_unit
            order by f.issued_at desc, f.id desc limit 1) h --? scope_unit
        order by h.issued_at desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.issued_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select m.*, row_number() over () as place
    from (
        select w.id, w.issued_at
        from (
            (select f.id, f.issued_at from following f
             where f.unit_id = :scope_unit::uuid --? scope_unit
             order by f.issued_at desc, f.id desc
             limit :limit::int + 1)
            union all --? scope_unit
            select x.id, x.issued_at --? scope_unit
            from nearest n --? scope_unit
            cross join lateral ( --? scope_unit
                select f.id, f.issued_at from following f --? scope_unit
                where f.about_unit_id = n.about and f.unit_id <> :scope_unit::uuid --? scope_unit
                  and (f.issued_at, f.id) >= (n.last_1, n.last_2) --? scope_unit
                order by f.issued_at desc, f.id desc --? scope_unit
                limit :limit::int + 1) x --? scope_unit
            -- Of one unit or person that is asked for: by that, once.
            union all --? scope_unit
            select x.id, x.issued_at --? scope_unit
            from unnest((array_remove(array[:unit_id::text, :person_id::text], null))[1 : 1]) asked(id) --? scope_unit
            cross join lateral ( --? scope_unit
                select f.id, f.issued_at from following f --? scope_unit
                where f.about_unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
                  and f.unit_id <> :scope_unit::uuid and asked.id <> :scope_unit::text --? scope_unit
                order by f.issued_at desc, f.id desc --? scope_unit
                limit :limit::int + 1) x --? scope_unit
        ) w
        order by w.issued_at desc, w.id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.notice_json(n) order by f.place) filter (where f.place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.issued_at::text, l.id)::text from found l where l.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f
join anze.notice n on n.id = f.id
