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
found as (
    select m.*, row_number() over () as place
    from (
        -- Of a unit and those under it: a page of each in the order of its index, and these merged.
        select w.* --? scope_unit
        from unnest(array(select anze.units_around(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
        select t.* from matching t
        -- The first page goes on from before everything, so that there is one plan (see sql/README.md).
        where true
          and t.unit_id = u.unit_id --? scope_unit
          and (begins_on, id) < (case when :after_1::text is null then 'infinity' else :after_1 end::date,
                                 case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by begins_on desc, id desc
        limit :limit::int + 1 --? scope_unit
        ) w --? scope_unit
        order by w.begins_on desc, w.id desc --? scope_unit
        limit :limit::int + 1) m
)
select coalesce((
           select jsonb_agg(anze.appointment_json(a) order by f.place)
           from found f join anze.appointment a on a.id = f.id where f.place <= :limit::int), '[]')::text as items,
       (select jsonb_build_array(f.begins_on::text, f.id)::text from found f
        where f.place = :limit::int and exists (select from found g where g.place > :limit::int)) as next
     , (select n.rows from counted n)::text as total --? count
