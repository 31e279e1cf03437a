-- What the league of counties shows beside duties: hazards and what is listed. Accidents are few: the statement counts
-- them.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The county of a place; of a city without counties, the city. NULL: of a city or province itself, which has no county.
create or replace function anze.league_county(place text) returns text stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(anze.county_of(place), case when anze.region_is_of_towns(place) then place end);
end
$$;

-- Hazards found in a named period, as the statistics count them (listHazardStatistics), by county; and what is under
-- listed supervision now. With the owner's rights, so that the scope is asked once and not for each sum: what can_see says
-- of a region's caller is said here. In time is what was put right in the period and not after its last day. What is
-- withheld is not listed yet.
create or replace function anze.league_hazards(during daterange, of_sector text)
returns table (county text, hazards jsonb, listed jsonb) stable security definer rows 20 language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    prefix constant text := anze.prefix_in_reach(null);
    beyond constant text := prefix || ':'; -- after every digit
    seen constant text[] := case when of_sector is null then anze.sectors()
        when anze.sectors() is null or of_sector = any (anze.sectors()) then array[of_sector] else '{}' end;
    first_day constant date := lower(during);
    day_after constant date := upper(during);
    late_before constant date := least(day_after, anze.today());
begin
    if prefix is null then
        return;
    end if;
    return query
    with summed as (
        select t.region_code, t.late_on, t.found, t.major, t.rectified
        from anze.hazard_tally t
        where t.begins_on = first_day and t.ends_on = day_after and t.region_code >= prefix and t.region_code < beyond
            and (seen is null or t.sector = any (seen))
        union all
        select d.region_code, d.late_on, d.found, d.major, case when d.closed_on < day_after then d.found else 0 end
        from anze.hazard_tally_delta d
        where d.found_on >= first_day and d.found_on < day_after and d.region_code >= prefix and d.region_code < beyond
            and (seen is null or d.sector = any (seen))),
    by_region as (
        select s.region_code, sum(s.found) as found, sum(s.major) as major, sum(s.rectified) as rectified,
            coalesce(sum(s.rectified) filter (where s.late_on >= late_before), 0) as in_time,
            coalesce(sum(s.found) filter (where s.late_on < late_before), 0) as overdue
        from summed s group by 1),
    by_county as (
        select anze.league_county(r.region_code) as county, jsonb_build_object('found', sum(r.found),
            'major', sum(r.major), 'rectified', sum(r.rectified), 'rectified_in_time', sum(r.in_time),
            'overdue', sum(r.overdue)) as hazards
        from by_region r group by 1 having sum(r.found) > 0),
    supervised as (
        select anze.league_county(c.region_code) as county,
            jsonb_build_object('open', count(*),
                'late', count(*) filter (where c.due_at <= statement_timestamp())) as listed
        from anze.case_file c
        where c.kind = 'listed_supervision' and c.is_open and not c.withheld_from_unit
            and c.region_code >= prefix and c.region_code < beyond and (seen is null or c.sector = any (seen))
        group by 1)
    select coalesce(h.county, s.county), h.hazards, s.listed
    from by_county h full join supervised s on s.county = h.county
    where coalesce(h.county, s.county) is not null;
end
$$;
