-- anze: no-transaction
alter table anze.accident validate constraint accident_state;
-- Those that ended otherwise than by a final report are few: their lists read them all.
create index concurrently if not exists accident_province_ended on anze.accident (province, state)
    where state in ('withdrawn', 'joined');
create index concurrently if not exists accident_city_ended on anze.accident (city, state)
    where state in ('withdrawn', 'joined');
create index concurrently if not exists accident_county_ended on anze.accident (county, state)
    where state in ('withdrawn', 'joined');
create index concurrently if not exists accident_town_ended on anze.accident (town, state)
    where state in ('withdrawn', 'joined');
create index concurrently if not exists accident_unit_ended on anze.accident (unit_id, state)
    where state in ('withdrawn', 'joined');
