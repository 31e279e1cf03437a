-- Points in use by region and colour: the regions next below the one that is asked for, within the caller's scope. From
-- the sums, folded or not; single units are in no sum, theirs are counted.
with asked as materialized (
    select a.prefix, a.prefix || ':' as prefix_end -- behind every digit
    from (
        select anze.region_prefix(:region) as prefix --? region
        select coalesce(anze.region(), '') as prefix --? !region
    ) a
),
summed as not materialized (
    select s.*
    from (
        select t.region_code, t.sector, t.red, t.orange, t.yellow, t.blue, t.not_assessed from anze.risk_tally t
        union all
        select d.region_code, d.sector, d.red, d.orange, d.yellow, d.blue, d.not_assessed
        from anze.risk_tally_delta d) s
    where s.region_code >= (select a.prefix from asked a) and s.region_code < (select a.prefix_end from asked a)
      and false --? scope_none
      and false --? scope_unit
      and starts_with(s.region_code, :scope_province) --? scope_province
      and starts_with(s.region_code, :scope_city) --? scope_city
      and starts_with(s.region_code, :scope_county) --? scope_county
      and starts_with(s.region_code, left(:scope_town, 9)) --? scope_town
      and s.sector = :scope_sector --? scope_sector
      and s.sector = any (:scope_sectors::text[]) --? scope_sectors
      and s.sector = :sector --? sector
),
-- Points one by one: of single units, by their index.
single as not materialized (
    select p.region_code, coalesce(p.sector, '') as sector, (p.rank = 0)::int::bigint as red, (p.rank = 1)::int::bigint,
        (p.rank = 2)::int::bigint, (p.rank = 3)::int::bigint, (p.rank = 4)::int::bigint
    from anze.risk_point p
    where p.ended_on is null
      and starts_with(p.region_code, (select a.prefix from asked a))
      and false --? scope_none
      and starts_with(p.region_code, :scope_province) --? scope_province
      and starts_with(p.region_code, :scope_city) --? scope_city
      and starts_with(p.region_code, :scope_county) --? scope_county
      and starts_with(p.region_code, left(:scope_town, 9)) --? scope_town
      and p.sector = :sector --? sector
      and (false
        or p.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
        -- What a sector's officer sees beside the sector: the own unit's.
        or p.unit_id = :unit::uuid and p.sector is distinct from :scope_sector --? scope_sector
        or p.unit_id = :unit::uuid and (p.sector = any (:scope_sectors::text[])) is not true --? scope_sectors
      )
),
counted as materialized (
    select case length((select a.prefix from asked a))
            when 2 then coalesce(anze.city_of(s.region_code) || '00', s.region_code)
            when 4 then coalesce(anze.county_of(s.region_code), s.region_code)
            else coalesce(anze.town_of(s.region_code), s.region_code) end as region_code,
        sum(s.red) as red, sum(s.orange) as orange, sum(s.yellow) as yellow, sum(s.blue) as blue,
        sum(s.not_assessed) as not_assessed, sum(s.red + s.orange + s.yellow + s.blue + s.not_assessed) as total
    from (select * from summed union all select * from single) s
    group by 1
    having sum(s.red + s.orange + s.yellow + s.blue + s.not_assessed) > 0
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
