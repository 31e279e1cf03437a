-- The parent itself is judged only where the caller sees all of it.
with asked as materialized (
    select anze.region_prefix(:parent) as prefix --? parent
    select coalesce(anze.region(), '') as prefix --? !parent
),
counted as materialized (
    select case length(a.prefix) when 2 then l.city || '00' when 4 then l.county else l.town end as region_code,
        count(*) filter (where l.colour = 'red') as red, count(*) filter (where l.colour = 'yellow') as yellow,
        count(*) as units
    from asked a join anze.unit_light l on starts_with(l.region_code, a.prefix)
    where a.prefix <> '' and anze.reach() = 'region'
      and l.province = :scope_province --? scope_province
      and l.city = :scope_city --? scope_city
      and l.county = :scope_county --? scope_county
      and l.town = left(:scope_town, 9) --? scope_town
      and false --? scope_unit
      and false --? scope_none
    group by 1
),
regions as materialized (
    select c.*, r.reasons, anze.light_colour(r.reasons) as colour
    from counted c
    cross join lateral (
        select anze.light_reasons(jsonb_build_object('red_units_percent', trunc(100.0 * c.red / c.units, 1),
            'yellow_units_percent', trunc(100.0 * (c.red + c.yellow) / c.units, 1)), anze.today(), c.region_code) as reasons offset 0) r
    where c.region_code is not null
),
whole as (
    select w.*, r.reasons, anze.light_colour(r.reasons) as colour
    from (select rpad(a.prefix, greatest(6, length(a.prefix)), '0') as region_code,
            sum(c.red)::bigint as red, sum(c.yellow)::bigint as yellow, sum(c.units)::bigint as units
          from asked a cross join counted c
          where starts_with(a.prefix, anze.region())
          group by a.prefix) w
    cross join lateral (
        select anze.light_reasons(jsonb_build_object('red_units_percent', trunc(100.0 * w.red / w.units, 1),
            'yellow_units_percent', trunc(100.0 * (w.red + w.yellow) / w.units, 1),
            'red_regions_percent', (select trunc(100.0 * count(*) filter (where g.colour = 'red') / count(*), 1)
                                    from regions g having count(*) > 0)), anze.today(), w.region_code) as reasons offset 0) r
),
shown as (
    select false as is_whole, g.* from (select region_code, red, yellow, units, reasons, colour from regions) g
    union all
    select true, w.* from (select region_code, red, yellow, units, reasons, colour from whole) w
),
written as (
    select s.is_whole, s.region_code, s.red, s.yellow, jsonb_strip_nulls(jsonb_build_object(
        'region_code', s.region_code, 'name', g.name, 'colour', s.colour,
        'units', jsonb_build_object('red', s.red, 'yellow', s.yellow, 'green', s.units - s.red - s.yellow,
                                    'total', s.units),
        'reasons', s.reasons)) as body,
        case s.colour when 'red' then 0 when 'yellow' then 1 else 2 end as place
    from shown s left join anze.region g on g.code = s.region_code
)
select jsonb_strip_nulls(jsonb_build_object(
    'parent', (select w.body from written w where w.is_whole),
    'regions', (select coalesce(jsonb_agg(w.body order by w.place, w.red desc, w.yellow desc, w.region_code), '[]')
                from written w where not w.is_whole)))::text as body
