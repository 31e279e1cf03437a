-- Points in use by region and colour: the regions next below the one that is asked for, within the caller's scope.
with asked as materialized (
    select anze.region_prefix(:region) as prefix --? region
    select coalesce(anze.region(), '') as prefix --? !region
),
counted as materialized (
    select case length(a.prefix) when 2 then coalesce(p.city || '00', p.region_code)
                                 when 4 then coalesce(p.county, p.region_code)
                                 else coalesce(p.town, p.region_code) end as region_code,
        count(*) filter (where p.rank = 0) as red, count(*) filter (where p.rank = 1) as orange,
        count(*) filter (where p.rank = 2) as yellow, count(*) filter (where p.rank = 3) as blue,
        count(*) filter (where p.rank = 4) as not_assessed, count(*) as total
    from asked a join anze.risk_point p on starts_with(p.region_code, a.prefix)
    where p.ended_on is null
      and p.province = :scope_province --? scope_province
      and p.city = :scope_city --? scope_city
      and p.county = :scope_county --? scope_county
      and p.town = left(:scope_town, 9) --? scope_town
      and p.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and p.sector = :sector --? sector
    group by 1
)
select jsonb_build_object(
    'total', (select jsonb_build_object('red', coalesce(sum(red), 0), 'orange', coalesce(sum(orange), 0),
                  'yellow', coalesce(sum(yellow), 0), 'blue', coalesce(sum(blue), 0),
                  'not_assessed', coalesce(sum(not_assessed), 0), 'total', coalesce(sum(total), 0)) from counted),
    'regions', (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('region_code', c.region_code,
                    'name', g.name, 'points', jsonb_build_object('red', c.red, 'orange', c.orange, 'yellow', c.yellow,
                        'blue', c.blue, 'not_assessed', c.not_assessed, 'total', c.total)))
                    order by c.red desc, c.orange desc, c.region_code), '[]')
                from counted c left join anze.region g on g.code = c.region_code))::text as body
