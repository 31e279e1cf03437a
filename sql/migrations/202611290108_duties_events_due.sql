-- anze: after-functions
-- anze: backfill obligation
-- What was owed after an event had no day, so nobody was told of it and it was never late. What is still open gets the days
-- of its duty, counted from this release and not from the event: nothing is late overnight.
with taken as (
    select o.id from anze.obligation o
    where o.is_open and o.due_at = 'infinity' limit $1 for update),
due as (
    select o.id, anze.end_of_day(d.day) as due_at, anze.end_of_day(d.day + f.grace_days) as missed_from, o.period,
        coalesce(anze.notice_region(o.region_code), '') as told_by
    from taken t
    join anze.obligation o on o.id = t.id
    join anze.duty f on f.code = o.duty and f.version = o.duty_version
    cross join lateral (
        select anze.today() + anze.duty_event_days(f, anze.today(), o.region_code) as day) d),
done as (
    update anze.obligation o
    set due_at = d.due_at, missed_from = d.missed_from, changed_at = clock_timestamp(), version = o.version + 1,
        next_notice_at = anze.first_notice_at(d.due_at, d.missed_from, anze.today(), d.period, d.told_by)
    from due d where d.id = o.id
    returning 1)
select count(*) from done
