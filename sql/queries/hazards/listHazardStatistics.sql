with asked as materialized (
    select p.begins_on, p.ends_on, p.begins_at, p.as_of, anze.day_of(p.as_of) as late_before
    from (
        select lower(n.days) as begins_on, upper(n.days) as ends_on, anze.month_begins(lower(n.days)::timestamp) as begins_at,
            least(anze.month_begins(upper(n.days)::timestamp), now()) as as_of
        from (select anze.named_period(:period) as days) n) p
),
-- The sums, folded or not: they know regions, sectors and criteria, but no units.
summed as not materialized (
    select s.*
    from (
        select t.region_code, t.sector, t.criterion, t.late_on, t.found, t.major, t.rectified, t.major_rectified, t.recurrent
        from anze.hazard_tally t
        where t.begins_on = (select begins_on from asked) and t.ends_on = (select ends_on from asked)
        union all
        select d.region_code, d.sector, d.criterion, d.late_on, d.found, d.major,
            case when d.closed_on < (select ends_on from asked) then d.found else 0 end,
            case when d.closed_on < (select ends_on from asked) then d.major else 0 end, d.recurrent
        from anze.hazard_tally_delta d
        where d.found_on >= (select begins_on from asked) and d.found_on < (select ends_on from asked)) s
    where true
      and false --? scope_none
      and false --? scope_unit
      and false --? unit_id
      and starts_with(s.region_code, :scope_province) --? scope_province
      and starts_with(s.region_code, :scope_city) --? scope_city
      and starts_with(s.region_code, :scope_county) --? scope_county
      and starts_with(s.region_code, left(:scope_town, 9)) --? scope_town
      and s.sector = :scope_sector --? scope_sector
      and s.sector = any (:scope_sectors::text[]) --? scope_sectors
      and s.sector = :sector --? sector
      and starts_with(s.region_code, anze.region_prefix(:region)) --? region
),
-- Hazards one by one: of single units, whose index has them by time.
single as not materialized (
    select h.unit_id, h.region_code, coalesce(h.sector, '') as sector, coalesce(h.criterion, '') as criterion,
        anze.hazard_late_on(h.due_on, h.closed_at) as late_on, 1::bigint as found,
        coalesce(h.severity = 'major', false)::int::bigint as major,
        coalesce(h.closed_at < (select as_of from asked), false)::int::bigint as rectified,
        coalesce(h.severity = 'major' and h.closed_at < (select as_of from asked), false)::int::bigint as major_rectified,
        (h.recurrences > 0)::int::bigint as recurrent
    from anze.hazard h
    where h.found_at >= (select begins_at from asked)
      and h.found_at < (select as_of from asked) --? group_by=all
      and h.found_at < (select as_of from asked) --? group_by=region
      and h.found_at < (select as_of from asked) --? group_by=sector
      and h.found_at < (select as_of from asked) --? group_by=criterion
      -- The same, but not taken for the end of a range: a range of unknown values counts as one row of two hundred, and
      -- all of its rows would be read and sorted where the first units in the order of their index are wanted.
      and (h.found_at < (select as_of from asked)) is true --? group_by=unit
      and h.merged_into is null and h.state <> 'dismissed'
      and h.province = :scope_province --? scope_province
      and h.city = :scope_city --? scope_city
      and h.county = :scope_county --? scope_county
      and h.town = left(:scope_town, 9) --? scope_town
      and h.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (h.sector = :scope_sector or h.unit_id = :unit::uuid) --? scope_sector
      and (h.sector = any (:scope_sectors::text[]) or h.unit_id = :unit::uuid) --? scope_sectors
      and h.unit_id = :unit_id::uuid --? unit_id
      and h.sector = :sector --? sector
      and starts_with(h.region_code, anze.region_prefix(:region)) --? region
),
-- Grouped by unit: in the order of their index, no further than the page.
by_unit as (
    select s.unit_id::text as key, sum(s.found) as found, sum(s.major) as major, sum(s.rectified) as rectified,
        sum(s.major_rectified) as major_rectified,
        count(*) filter (where s.late_on < (select late_before from asked)) as overdue, sum(s.recurrent) as recurrent
    from single s
    where true
      and s.unit_id > :after_1::text::uuid --? after_1
    group by s.unit_id
    order by s.unit_id
    limit :limit::int + 1
),
by_key as (
    select
        '' as key, --? group_by=all
        '' as key, --? group_by=unit
        c.sector as key, --? group_by=sector
        c.criterion as key, --? group_by=criterion
        -- The level below what is asked about: counties of a city, towns of a county.
        case when length(anze.region_prefix(case when :region::text is null then anze.region() else :region end)) >= 6 --? group_by=region
             then coalesce(anze.town_of(c.region_code), anze.county_of(c.region_code), c.region_code) --? group_by=region
             else coalesce(anze.county_of(c.region_code), c.region_code) end as key, --? group_by=region
        sum(c.found) as found, sum(c.major) as major, sum(c.rectified) as rectified,
        sum(c.major_rectified) as major_rectified,
        coalesce(sum(c.found) filter (where c.late_on < (select late_before from asked)), 0) as overdue,
        sum(c.recurrent) as recurrent
    from (
        select s.* from summed s
        union all
        select s.region_code, s.sector, s.criterion, s.late_on, s.found, s.major, s.rectified, s.major_rectified, s.recurrent
        from single s
        where (false
            or true --? scope_unit
            or true --? unit_id
            -- What a sector's officer sees beside the sector: the own unit's.
            or s.unit_id = :unit::uuid and s.sector <> :scope_sector --? scope_sector
            or s.unit_id = :unit::uuid and s.sector <> all (:scope_sectors::text[]) --? scope_sectors
        )) c
    group by 1
    having sum(c.found) > 0
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from by_unit --? group_by=unit
        select * from by_key --? group_by=all
        select * from by_key --? group_by=region
        select * from by_key --? group_by=sector
        select * from by_key --? group_by=criterion
        where true
          and key > :after_1 collate "C" --? after_1
        order by key collate "C"
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'period', :period::text, 'from', a.begins_on, 'until', a.ends_on - 1, 'as_of', anze.instant(a.as_of),
           'key', f.key, 'title', anze.hazard_group_title(:group_by::text, f.key), 'found', f.found, 'major', f.major,
           'rectified', f.rectified, 'major_rectified', f.major_rectified, 'overdue', f.overdue,
           'recurrent', f.recurrent, 'rate_percent', round(100.0 * f.rectified / f.found, 1),
           'due_on', d.due_on, 'basis', d.basis)) order by f.place)
           filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(f.key) filter (where f.place = :limit::int))::text end as next
from found f cross join asked a
cross join lateral anze.hazard_statistics_due(a.begins_on, a.ends_on,
    case when :region::text is null then anze.region() else :region end) d
