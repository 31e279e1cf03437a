-- Sums and changes of six million obligations of a year, by what a small city owes: each duty, period and sector of its
-- enterprises and sites, as often as there, in every town. A batch of planning is one moment, a record is one of its own.
set session_replication_role = replica;
set work_mem = '256MB';
truncate anze.duty_tally, anze.duty_change, anze.duty_tally_delta;
select setseed(0.5);

create temporary table kind as
select row_number() over (order by o.duty, o.period_end, o.sector, o.unit_kind, o.missed_from) * 1000 as id, o.duty, o.clause,
    o.period, o.period_end, o.missed_from, coalesce(o.sector, '') as sector, o.unit_kind, min(o.period_start) as begins,
    count(*) as times, sum(count(*)) over () as all_times
from anze.obligation o
where o.unit_kind in ('enterprise', 'site') and o.period_end > current_date - 365
group by o.duty, o.clause, o.period, o.period_end, o.missed_from, o.sector, o.unit_kind;
create temporary table town as
select row_number() over (order by r.code) - 1 as place, r.code from anze.region r where r.level = 'town';
create temporary table obligation as
select (k.id + floor(random() * t.towns))::bigint as tally,
    k.begins - interval '30 days' + floor(random() * 300) * interval '1 second' as planned_at,
    case when random() < 0.94 then k.period_end - random() * interval '30 days' end as done_at
from kind k cross join (select count(*) as towns from town) t
cross join generate_series(1, (k.times * 6000000 / k.all_times)::integer);

insert into anze.duty_change (tally, changed_at, owed, done, done_late, excused)
select c.tally, c.at, sum(c.owed), sum(c.done), 0, 0
from (select o.tally, o.planned_at as at, 1 as owed, 0 as done from obligation o
      union all
      select o.tally, o.done_at, 0, 1 from obligation o where o.done_at is not null) c
group by 1, 2 order by 1, 2;
insert into anze.duty_tally (id, duty, clause, period, period_end, missed_from, region_code, sector, unit_kind, owed, done,
    done_late, excused)
overriding system value
select k.id + t.place, k.duty, k.clause, k.period, k.period_end, k.missed_from, t.code, k.sector, k.unit_kind, s.owed, s.done, 0, 0
from kind k cross join town t
join (select c.tally, sum(c.owed) as owed, sum(c.done) as done from anze.duty_change c group by 1) s on s.tally = k.id + t.place;
vacuum analyze anze.duty_tally;
vacuum analyze anze.duty_change;
