-- Planning: which obligations follow from the catalogue, the units as they were, and who held which post.
--
-- An obligation is owed for a period when the unit existed for at least half of it; where more than one is asked for,
-- their number follows the share of the period. Of the versions of a duty one counts for a period, the same wherever and
-- whenever it is planned: the one that was in force when it began. A revision counts from its first whole period, or, where
-- it says so (counts_from), for the whole period in which it begins. What the unit was on the last day of the period (or on
-- its own) counts.
--
-- Who answers for it (holder_id): who held the post for the most days of the period, the later one of equals; days on which
-- somebody acted in it are his, and not the holder's. Records of every holder count. Planning again changes nothing that still follows; what does not follow any more and was not
-- done is withdrawn, and so is what somebody did for himself who turns out not to have held the post.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.period_step(period text) returns interval immutable parallel safe language sql
return case period when 'week' then interval '7 days' when 'month' then interval '1 month'
    when 'quarter' then interval '3 months' when 'half_year' then interval '6 months' when 'year' then interval '1 year' end;

-- The first day of the period that a day lies in; weeks begin on Monday.
create or replace function anze.period_start(period text, day date) returns date
immutable parallel safe strict language sql
return case period
    when 'half_year' then make_date(extract(year from day)::int, case when extract(month from day) < 7 then 1 else 7 end, 1)
    else date_trunc(period, day::timestamp)::date
end;

-- The recurring periods of a kind that touch [from_day, until_day).
create or replace function anze.periods(period text, from_day date, until_day date)
returns table (period_start date, period_end date) immutable parallel safe rows 10 language sql
as $$
    select s::date, (s + anze.period_step(period))::date
    from generate_series(anze.period_start(period, from_day)::timestamp, (until_day - 1)::timestamp,
                         anze.period_step(period)) s
$$;

-- Days that two half-open ranges have in common.
create or replace function anze.common_days(a daterange, b daterange) returns integer
immutable parallel safe strict language sql
return case when isempty(a * b) then 0 else upper(a * b) - lower(a * b) end;
create or replace function anze.obligation_id(duty text, period text, period_start date, unit_id uuid, person_id uuid,
    event_id uuid) returns uuid stable parallel safe language sql -- stable as concat_ws is: so it is inlined
return md5(concat_ws('|', duty, period, to_char(period_start, 'YYYYMMDD'), unit_id::text, coalesce(person_id::text, '-'),
                     coalesce(event_id::text, '-')))::uuid;

-- Whether a duty is one of such a unit.
create or replace function anze.duty_binds(d anze.duty, s anze.unit_span) returns boolean
immutable parallel safe language sql
return (s).kind = any ((d).unit_kinds)
    and ((d).levels is null or coalesce((s).level = any ((d).levels), false))
    and ((d).sectors is null or coalesce((s).sector = any ((d).sectors), false))
    and ((d).site_kinds is null or coalesce((s).site_kind = any ((d).site_kinds), false))
    and (not (d).high_risk_only or (s).high_risk <> '{}')
    and ((d).supervision_role is null or coalesce((s).supervision_role = (d).supervision_role, false));

-- The first period that counts by a version: the first whole one, or the one in which it begins.
create or replace function anze.duty_counted_from(d anze.duty) returns date immutable parallel safe language sql
return case
    when (d).counts_from = 'running_period' then anze.period_start((d).period, lower((d).in_force))
    else anze.period_start((d).period, (lower((d).in_force) + anze.period_step((d).period))::date - 1)
end;

-- The versions of duties that are not owed on events: since when there has been the duty, and which periods count by each:
-- those that begin from one day on and before another. The first version also counts for the period in which it begins. Few
-- duties have several, and only those are put in order. PL/pgSQL: its plan is kept.
create or replace function anze.duty_versions()
returns table (duty anze.duty, first_day date, counted_from date, counted_until date, is_last boolean) stable rows 300
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select d, coalesce(v.first_day, lower(d.in_force)), coalesce(v.counted_from, '-infinity'), v.counted_until,
        coalesce(v.is_last, true)
    from anze.duty d
    left join (
        select x.code, x.version, min(lower(x.in_force)) over of_code as first_day,
            case when row_number() over of_code = 1 then '-infinity' else anze.duty_counted_from(x) end as counted_from,
            min(anze.duty_counted_from(x)) over later as counted_until, lead(x.version) over of_code is null as is_last
        from anze.duty x
        where x.code in (select y.code from anze.duty y where y.version > 1) and x.period <> 'event'
        window of_code as (partition by x.code order by lower(x.in_force)),
            later as (of_code rows between 1 following and unbounded following)) v
        on v.code = d.code and v.version = d.version
    where d.period <> 'event';
end
$$;

-- The recurring duties with their periods, and those that are owed once, that touch [from_day, until_day).
create or replace function anze.duty_periods(from_day date, until_day date)
returns table (duty anze.duty, first_day date, period_start date, period_end date) stable language sql
as $$
    select v.duty, v.first_day, p.period_start, p.period_end
    from anze.duty_versions() v
    cross join lateral (
        select q.* from anze.periods((v.duty).period, from_day, until_day) q where (v.duty).period <> 'once'
        union all
        select v.first_day, (v.duty).once_by + 1
        where (v.duty).period = 'once' and (v.duty).once_by >= from_day and v.first_day < until_day) p
    where p.period_end > v.first_day
        and case when (v.duty).period = 'once' then (v.duty).in_force @> p.period_end - 1
                 when p.period_start < v.counted_from then false
                 when v.is_last then coalesce(p.period_end <= upper((v.duty).in_force), true)
                 else p.period_start < v.counted_until end
$$;

-- The last day of what an obligation is for.
create or replace function anze.period_last_day(period text, period_start date, period_end date) returns date
immutable parallel safe language sql
return case when period in ('once', 'event') then period_end
            else (period_start + anze.period_step(period))::date end - 1;

-- How many are owed when the duty and the unit (or the person in the post) were there for some days of the period.
create or replace function anze.duty_share(d anze.duty, days integer, period_days integer) returns integer
immutable parallel safe language sql
return case
    when days <= 0 then 0
    when (d).period in ('once', 'event') then (d).minimum_count
    else round((d).minimum_count::numeric * days / period_days)
end;

-- How many days of a time somebody served in a post: not those on which another acted for him.
create or replace function anze.days_served(held daterange, during daterange, others_acted datemultirange) returns integer
immutable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(sum(upper(d) - lower(d)), 0) from unnest(datemultirange(held * during) - others_acted) d);
end
$$;

-- Who answers for the post in a period.
create or replace function anze.post_holder(unit_id uuid, post text, during daterange) returns uuid
stable parallel safe language sql
as $$
    select a.person_id
    from anze.appointment a
    left join (
        select range_agg(x.held) as days from anze.appointment x
        where x.unit_id = post_holder.unit_id and x.post = post_holder.post and x.kind = 'acting') s on a.kind = 'regular'
    where a.unit_id = post_holder.unit_id and a.post = post_holder.post and a.held && during
    group by a.person_id
    order by sum(case when s.days is null then anze.common_days(a.held, during)
                      else anze.days_served(a.held, during, s.days) end) desc, max(lower(a.held)) desc, a.person_id
    limit 1
$$;

-- The duties of units in the periods that touch [from_day, until_day), the days of each on which both the duty and the unit
-- were there, and since when the unit is known (a plan is not due before). Duties meet units by kind first, so that few are looked at closely. Not inlined (it has a SET),
-- so that the planner takes its word for how many rows there are and does not join them one by one.
create or replace function anze.duties_bound(unit_ids uuid[], from_day date, until_day date)
returns table (duty text, version integer, post text, is_personal boolean, period_start date, period_end date,
    unit_id uuid, region_code text, sector text, unit_kind text, there daterange, known_from date)
stable rows 10000 language sql
set search_path = pg_catalog, pg_temp
as $$
    with there as materialized (
        select u.id, u.opened_on, u.closed_on, w.begins_on
        from anze.unit u join anze.duty_work w on w.unit_id = u.id
        where u.id = any (unit_ids)),
    asked as materialized (
        select p.*, k.kind
        from (select greatest(from_day, min(t.begins_on)) as day from there t) first
        cross join lateral anze.duty_periods(first.day, until_day) p
        cross join lateral unnest((p.duty).unit_kinds) k(kind))
    select (a.duty).code, (a.duty).version, (a.duty).post, (a.duty).is_personal, a.period_start, a.period_end, t.id, s.region_code, s.sector, s.kind,
        daterange(greatest(a.period_start, a.first_day, t.opened_on), least(a.period_end, t.closed_on)), t.begins_on
    from there t
    join anze.unit_span s on s.unit_id = t.id
    join asked a on a.kind = s.kind and a.period_end > t.begins_on
        and s.during @> least(a.period_end, t.closed_on) - 1
        and greatest(a.period_start, a.first_day, t.opened_on) < least(a.period_end, t.closed_on)
    where s.unit_id = any (unit_ids) and anze.duty_binds(a.duty, s)
$$;

-- Who held which post on how many of the days `there`, for many at once (one element of each array): in the order of
-- anze.post_holder the first of each answers for it.
create or replace function anze.posts_served(unit_ids uuid[], posts text[], there daterange[])
returns table (unit_id uuid, post text, there daterange, person_id uuid, days integer, place bigint)
stable rows 10000 language sql
set search_path = pg_catalog, pg_temp
as $$
    select s.unit_id, s.post, s.there, s.person_id, s.days,
        row_number() over (partition by s.unit_id, s.post, s.there order by s.days desc, s.since desc, s.person_id)
    from (
        select w.unit_id, w.post, w.there, a.person_id, max(lower(a.held)) as since,
            sum(case when d.days is null then anze.common_days(a.held, w.there)
                     else anze.days_served(a.held, w.there, d.days) end)::integer as days
        from (select distinct x.* from unnest(unit_ids, posts, there) x(unit_id, post, there)) w
        join (
            select h.* from anze.appointment h where h.unit_id = any (array(select distinct x from unnest(unit_ids) x))
            offset 0) a on a.unit_id = w.unit_id and a.post = w.post and a.held && w.there
        left join (
            select x.unit_id, x.post, range_agg(x.held) as days from anze.appointment x
            where x.kind = 'acting' and x.unit_id = any (unit_ids)
            group by x.unit_id, x.post) d on d.unit_id = a.unit_id and d.post = a.post and a.kind = 'regular'
        group by w.unit_id, w.post, w.there, a.person_id) s
$$;

-- What units owe in the periods that touch [from_day, until_day): the obligations as they should be. A plan is owed for a
-- period and ends with its due day, so it is counted when it was due, and not when what it plans is over.
create or replace function anze.owed(unit_ids uuid[], from_day date, until_day date) returns setof anze.obligation
stable language sql
as $$
    with bound as materialized (
        select b.* from anze.duties_bound(unit_ids, from_day, until_day) b),
    served as materialized (
        select s.* from anze.posts_served(
            array(select b.unit_id from bound b where b.post is not null order by b.unit_id, b.post, b.there),
            array(select b.post from bound b where b.post is not null order by b.unit_id, b.post, b.there),
            array(select b.there from bound b where b.post is not null order by b.unit_id, b.post, b.there)) s),
    by_whom as (
        select b.*, null::uuid as person_id, h.person_id as holder_id,
            anze.common_days(b.there, daterange(b.period_start, b.period_end)) as days
        from bound b
        left join served h on h.unit_id = b.unit_id and h.post = b.post and h.there = b.there and h.place = 1
        where not b.is_personal
        union all
        select b.*, s.person_id, s.person_id, s.days
        from bound b join served s on s.unit_id = b.unit_id and s.post = b.post and s.there = b.there
        where b.is_personal)
    select o.*
    from by_whom b
    join anze.duty d on d.code = b.duty and d.version = b.version
    cross join lateral (
        select anze.duty_share(d, b.days, b.period_end - b.period_start) as required,
            anze.end_of_day(e.day) as due_at, anze.end_of_day(e.day + d.grace_days) as missed_from,
            case d.counting when 'planned' then e.day + 1 else b.period_end end as period_end
        from (select d.due_days - 1 + case d.counting when 'planned' then greatest(lower(b.there), b.known_from)
                                           else b.period_end end as day) e) f
    cross join lateral anze.new_obligation(d, b.unit_id, b.unit_kind, b.region_code, b.sector, b.person_id, b.holder_id,
        null, b.period_start, f.period_end, f.due_at, f.missed_from, f.required) o
    where f.required > 0
$$;

-- The columns of anze.obligation in their order; what planning does not say is filled when it is written.
create or replace function anze.new_obligation(duty anze.duty, unit_id uuid, unit_kind text, region_code text, sector text,
    person_id uuid, holder_id uuid, event_id uuid, period_start date, period_end date, due_at timestamptz,
    missed_from timestamptz, required integer) returns setof anze.obligation stable rows 1 language sql
as $$
    select anze.obligation_id((duty).code, (duty).period, period_start, unit_id, person_id, event_id), (duty).code,
        (duty).version, (duty).clause, unit_id, unit_kind, (duty).post, person_id, holder_id, event_id, (duty).period,
        period_start, period_end, due_at, missed_from, required::smallint, 0::smallint, null::date, '{}'::text[], 'open',
        true, 'infinity'::timestamptz, now(), now(), 1, region_code, sector, null::text, null::text, null::text, null::text
$$;

-- Writes obligations as they should be; gives the ids of those that are new or changed.
create or replace function anze.write_obligations(owed anze.obligation[]) returns uuid[] language plpgsql as $$
declare
    written uuid[];
begin
    with place as materialized ( -- asked once for each place, and once for each moment, not for each obligation
        select p.region_code, coalesce(anze.notice_region(p.region_code), '') as told_by
        from (select distinct o.region_code from unnest(owed) o) p),
    moment as materialized (
        select m.*, anze.first_notice_at(m.due_at, m.missed_from, anze.today(), m.period, m.told_by) as notice_at
        from (select distinct o.due_at, o.missed_from, o.period, p.told_by
              from unnest(owed) o join place p using (region_code)) m),
    put as (
        insert into anze.obligation as kept (id, duty, duty_version, clause, unit_id, unit_kind, post, person_id,
            holder_id, event_id, period, period_start, period_end, due_at, missed_from, required, next_notice_at,
            region_code, sector)
        select o.id, o.duty, o.duty_version, o.clause, o.unit_id, o.unit_kind, o.post, o.person_id, o.holder_id,
            o.event_id, o.period, o.period_start, o.period_end, o.due_at, o.missed_from, o.required,
            m.notice_at, o.region_code, o.sector
        from unnest(owed) o join place p using (region_code) join moment m using (due_at, missed_from, period, told_by)
        order by o.id
        on conflict on constraint obligation_pkey do update
        set duty_version = excluded.duty_version, unit_kind = excluded.unit_kind, holder_id = excluded.holder_id,
            period_end = excluded.period_end, due_at = excluded.due_at, missed_from = excluded.missed_from,
            required = excluded.required, region_code = excluded.region_code, sector = excluded.sector,
            next_notice_at = case when (kept.due_at, kept.missed_from) is distinct from (excluded.due_at, excluded.missed_from)
                                  then excluded.next_notice_at else kept.next_notice_at end,
            state = case kept.state when 'withdrawn' then 'open' else kept.state end,
            changed_at = clock_timestamp(), version = kept.version + 1
        where (kept.duty_version, kept.unit_kind, kept.holder_id, kept.due_at, kept.missed_from, kept.required,
               kept.region_code, kept.sector, kept.state = 'withdrawn')
            is distinct from (excluded.duty_version, excluded.unit_kind, excluded.holder_id, excluded.due_at,
                              excluded.missed_from, excluded.required, excluded.region_code, excluded.sector, false)
        returning kept.id)
    select array_agg(p.id) into written from put p;
    return written;
end
$$;

-- Plans units again for the periods that touch [from_day, until_day); how many obligations that changed.
create or replace function anze.plan_obligations(unit_ids uuid[], from_day date, until_day date) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    owed anze.obligation[] := array(select o from anze.owed(unit_ids, from_day, until_day) o);
    written uuid[];
    withdrawn uuid[];
begin
    written := anze.write_obligations(owed);
    with gone as (
        update anze.obligation o set state = 'withdrawn', changed_at = clock_timestamp(), version = o.version + 1
        where o.unit_id = any (unit_ids) and o.event_id is null
            and (o.is_open or o.person_id is not null and o.state <> 'withdrawn')
            and o.period_end > from_day and o.period_start < until_day
            and o.id not in (select w.id from unnest(owed) w) -- hashed: the planner takes an array for ten rows
        returning o.id)
    select array_agg(g.id) into withdrawn from gone g;
    perform anze.settle_obligations(written);
    return coalesce(cardinality(written), 0) + coalesce(cardinality(withdrawn), 0);
end
$$;

-- Within how many days a duty is owed after its event: promptly 及时 has its days by a rule.
create or replace function anze.duty_event_days(d anze.duty, day date, of_region text) returns integer
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(d.within_days, anze.rule_value('DUTY.PROMPT.DAYS', day, of_region))::integer;
end
$$;

-- What the unit of an event owes after it.
create or replace function anze.plan_event(event_id uuid) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    e anze.duty_event;
    day date;
    owed anze.obligation[];
begin
    select * into e from anze.duty_event x where x.id = plan_event.event_id;
    day := anze.day_of(e.occurred_at);
    owed := array(
        select o from anze.duty d
        join anze.unit_span s on s.unit_id = e.unit_id and s.during @> day and anze.duty_binds(d, s)
        cross join lateral (select anze.duty_event_days(d, day, s.region_code) as days) w
        cross join lateral (
            select anze.end_of_day(day + w.days) as due_at, anze.end_of_day(day + w.days + d.grace_days) as missed_from,
                daterange(day, day + 1 + w.days) as during) f
        cross join lateral anze.new_obligation(d, e.unit_id, s.kind, s.region_code, s.sector, null,
            case when d.post is not null then anze.post_holder(e.unit_id, d.post, f.during) end,
            e.id, day, upper(f.during), f.due_at, f.missed_from, d.minimum_count) o
        where d.period = 'event' and d.event = e.kind and d.in_force @> day);
    perform anze.settle_obligations(anze.write_obligations(owed));
    return cardinality(owed);
end
$$;
