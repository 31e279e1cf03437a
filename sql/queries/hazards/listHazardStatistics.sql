with asked as materialized (
    select anze.named_period(:period) as days
),
bounds as materialized (
    select days, anze.month_begins(lower(days)::timestamp) as begins_at,
        least(anze.month_begins(upper(days)::timestamp), now()) as as_of
    from asked
),
counted as (
    select
        '' as key, --? group_by=all
        h.unit_id::text as key, --? group_by=unit
        coalesce(h.sector, '') as key, --? group_by=sector
        coalesce(h.criterion, '') as key, --? group_by=criterion
        -- The level below what is asked about: counties of a city, towns of a county.
        case when length(anze.region_prefix(case when :region::text is null then anze.region() else :region end)) >= 6 --? group_by=region
             then coalesce(h.town, h.county, h.region_code) else coalesce(h.county, h.region_code) end as key, --? group_by=region
        count(*) as found,
        count(*) filter (where h.severity = 'major') as major,
        count(*) filter (where h.closed_at < b.as_of) as rectified,
        count(*) filter (where h.severity = 'major' and h.closed_at < b.as_of) as major_rectified,
        count(*) filter (where h.due_on < anze.day_of(b.as_of)
                           and (h.closed_at is null or anze.day_of(h.closed_at) > h.due_on)) as overdue,
        count(*) filter (where h.recurrences > 0) as recurrent
    from bounds b join anze.hazard h on h.found_at >= b.begins_at and h.found_at < b.as_of
    where h.merged_into is null and h.state <> 'dismissed'
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
    group by 1
)
found as (
    select m.*, row_number() over () as place
    from (
        select * from counted
        where true
          and key > :after_1 collate "C" --? after_1
        order by key collate "C"
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'period', :period::text, 'from', lower(b.days), 'until', upper(b.days) - 1, 'as_of', anze.instant(b.as_of),
           'key', f.key, 'title', anze.hazard_group_title(:group_by::text, f.key), 'found', f.found, 'major', f.major,
           'rectified', f.rectified, 'major_rectified', f.major_rectified, 'overdue', f.overdue,
           'recurrent', f.recurrent, 'rate_percent', round(100.0 * f.rectified / f.found, 1))) order by f.place)
           filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(f.key) filter (where f.place = :limit::int))::text end as next
from found f cross join bounds b
