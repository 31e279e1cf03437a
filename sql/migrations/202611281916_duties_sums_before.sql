-- anze: after-functions
-- anze: backfill obligation
-- What changed before the sums kept it: each obligation gives its changes, at the moments that are known of it, for the
-- region where it is now. Figures of the past are short until this is done. Beside the folding, not at the same time.
with alone as materialized (
    select pg_advisory_xact_lock(3615029, 3)),
progress as materialized (
    select p.* from alone, anze.duty_change_filled p),
taken as materialized (
    select o.* from anze.obligation o
    where o.id > (select p.after from progress p) order by o.id limit $1),
known as (
    select o.id, o.missed_from, o.state, coalesce(b.since, o.planned_at) as since, null::timestamptz as until
    from taken o
    left join lateral (select max(upper(p.was)) as since from anze.obligation_past p where p.obligation_id = o.id) b on true
    union all
    select p.obligation_id, p.missed_from, p.state, lower(p.was), upper(p.was)
    from anze.obligation_past p where p.obligation_id = any (array(select o.id from taken o))),
changed as (
    select k.id, k.missed_from, k.state, e.at, e.sign
    from known k cross join lateral (values (k.since, 1), (k.until, -1)) e(at, sign)
    where e.at <= (select p.until from progress p) and k.state <> 'withdrawn'),
keyed as materialized (
    select o.duty, o.clause, o.period, o.period_end, c.missed_from, o.region_code, coalesce(o.sector, '') as sector,
        o.unit_kind, c.at, sum(c.sign)::integer as owed,
        coalesce(sum(c.sign) filter (where c.state = 'done'), 0)::integer as done,
        coalesce(sum(c.sign) filter (where c.state = 'done_late'), 0)::integer as done_late,
        coalesce(sum(c.sign) filter (where c.state = 'excused'), 0)::integer as excused
    from changed c join taken o on o.id = c.id
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9),
-- A past state may be of a sum that nothing counts in any more: it has no row yet.
named as (
    insert into anze.duty_tally as base (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind,
        owed, done, done_late, excused)
    select distinct k.duty, k.clause, k.period, k.period_end, k.missed_from, k.region_code, k.sector, k.unit_kind, 0, 0, 0, 0
    from keyed k
    on conflict on constraint duty_tally_pkey do update set owed = base.owed
    returning id, duty, clause, period, period_end, missed_from, region_code, sector, unit_kind),
written as (
    insert into anze.duty_change as c (tally, changed_at, owed, done, done_late, excused)
    select n.id, k.at, k.owed, k.done, k.done_late, k.excused
    from keyed k join named n using (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind)
    where (k.owed, k.done, k.done_late, k.excused) <> (0, 0, 0, 0)
    on conflict on constraint duty_change_pkey do update
    set owed = c.owed + excluded.owed, done = c.done + excluded.done, done_late = c.done_late + excluded.done_late,
        excused = c.excused + excluded.excused),
moved as (
    update anze.duty_change_filled p set after = t.id
    from (select o.id from taken o order by o.id desc limit 1) t)
select count(*) from taken
