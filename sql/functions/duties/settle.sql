-- Settling: which records serve which obligation, and what of it is done.
--
-- A record serves an obligation of its unit when it is of a kind that the duty asks for, its day lies in the period
-- (or it names the period that it makes up for), and, for a post's duty, who led it held the post on that day.
-- It counts when it has the evidence and the publication that the duty asks for.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The first day of the period that a record belongs to. A deliverable that is due after its period (a quarter's
-- statistics) comes in the next one, and is taken for the period before unless it says otherwise, or unless its own period
-- is about to end (an annual report in December). A plan that comes shortly before a period is the plan of that period.
create or replace function anze.record_period(d anze.duty, r anze.duty_record) returns date
immutable parallel safe language sql
return case
    when (r).for_period is not null then anze.period_start((d).period, (r).for_period)
    when (d).counting = 'planned' then anze.period_start((d).period, (r).on_day + (d).ahead_days)
    when (d).counting = 'deliverable' and (d).due_days > 0
        then anze.period_start((d).period, anze.period_start((d).period, (r).on_day + (d).ahead_days) - 1)
    else anze.period_start((d).period, (r).on_day)
end;

create or replace function anze.record_is_of_period(o anze.obligation, d anze.duty, r anze.duty_record) returns boolean
immutable parallel safe language sql
return case (o).period
    when 'event' then (r).event_id = (o).event_id
    when 'once' then (r).on_day >= (o).period_start
    else anze.record_period(d, r) = (o).period_start
end;

create or replace function anze.record_is_by(o anze.obligation, r anze.duty_record) returns boolean
stable parallel safe language sql
return case
    when (o).post is null then true
    when (o).person_id is not null then (r).person_id = (o).person_id
    else exists (
        select from anze.appointment a
        where a.person_id = (r).person_id and a.unit_id = (o).unit_id and a.post = (o).post and a.held @> (r).on_day)
end;

-- What a record still needs to count for a duty: evidence:<kind>, publication.
create or replace function anze.record_lacks(d anze.duty, r anze.duty_record) returns text[]
immutable parallel safe language sql
return array(select 'evidence:' || k from unnest((d).evidence) k where k <> all ((r).evidence))
    || case when (d).publicity and (r).published_on is null then array['publication'] else '{}'::text[] end;

-- The day on which it was there: with its publication, where that is asked for.
create or replace function anze.record_day(d anze.duty, r anze.duty_record) returns date
immutable parallel safe language sql
return case when (d).publicity and (d).counting = 'deliverable' then greatest((r).on_day, (r).published_on)
            else (r).on_day end;

-- Every record that serves one of these obligations. Looked for by the days that record_is_of_period can find of its
-- period (a deliverable that is due later: those of the next one too), by the period that it names, or by its event; not
-- among all that the unit ever did.
create or replace function anze.serving(ids uuid[])
returns table (obligation_id uuid, record_id uuid, day date, lacking text[], is_late boolean) stable language sql
as $$
    select o.id, r.id, f.day, anze.record_lacks(d, r), anze.end_of_day(f.day) > o.due_at
    from anze.obligation o
    join anze.duty d on d.code = o.duty and d.version = o.duty_version
    cross join lateral (
        select x.* from anze.duty_record x
        where x.unit_id = o.unit_id and x.kind = any (d.record_kinds) and o.period <> 'event'
            and x.on_day >= o.period_start - case d.counting when 'planned' then d.ahead_days else 0 end and x.on_day < case
                when o.period = 'once' then 'infinity'
                when d.counting = 'deliverable' and d.due_days > 0
                    then (o.period_end + anze.period_step(o.period))::date
                else anze.period_last_day(o.period, o.period_start, o.period_end) + 1 end
            and (x.for_period is null or o.period = 'once')
        union all
        select x.* from anze.duty_record x
        where x.unit_id = o.unit_id and x.for_period >= o.period_start
            and x.for_period <= anze.period_last_day(o.period, o.period_start, o.period_end)
            and x.kind = any (d.record_kinds) and o.period not in ('event', 'once')
        union all
        select x.* from anze.duty_record x
        where x.event_id = o.event_id and x.unit_id = o.unit_id and x.kind = any (d.record_kinds)
            and o.period = 'event') r
    cross join lateral (select anze.record_day(d, r) as day) f
    where o.id = any (ids) and r.retracted_at is null
        and anze.record_is_of_period(o, d, r) and anze.record_is_by(o, r)
$$;

create or replace function anze.settle_obligations(ids uuid[]) returns void language plpgsql as $$
begin
    if coalesce(cardinality(ids), 0) = 0 then
        return;
    end if;
    -- Locks in the order of the sweeper: the units' work, then their obligations.
    perform from anze.duty_work w
    where w.unit_id in (select o.unit_id from anze.obligation o where o.id = any (ids))
    order by w.unit_id for no key update;
    perform from anze.obligation o where o.id = any (ids) order by o.id for no key update;
    with serving as materialized (select * from anze.serving(ids)),
    unlinked as (
        delete from anze.obligation_record l
        where l.obligation_id = any (ids)
            and not exists (select from serving s where (s.obligation_id, s.record_id) = (l.obligation_id, l.record_id))),
    linked as (
        insert into anze.obligation_record as kept (obligation_id, record_id, lacking, is_late)
        select s.obligation_id, s.record_id, s.lacking, s.is_late from serving s
        order by s.obligation_id, s.record_id
        on conflict on constraint obligation_record_pkey do update
        set lacking = excluded.lacking, is_late = excluded.is_late
        where (kept.lacking, kept.is_late) is distinct from (excluded.lacking, excluded.is_late)),
    counted as (
        select o.id, o.required,
            count(*) filter (where s.lacking = '{}') as n,
            count(*) filter (where s.lacking = '{}' and not s.is_late) as n_in_time,
            (array_agg(s.day order by s.day) filter (where s.lacking = '{}'))[o.required] as done_on
        from anze.obligation o left join serving s on s.obligation_id = o.id
        where o.id = any (ids)
        group by o.id),
    settled as (
        select c.id, least(c.n, 32767)::smallint as n, c.done_on,
            case when c.n_in_time >= c.required then 'done'
                 when c.n >= c.required then 'done_late'
                 when exists (select from anze.excuse e where e.obligation_id = c.id and e.decision = 'approved')
                     then 'excused'
                 else 'open' end as state,
            case when c.n >= c.required then '{}'::text[]
                 else array(select distinct l from serving s, unnest(s.lacking) l where s.obligation_id = c.id order by 1)
            end as lacking
        from counted c)
    update anze.obligation o
    set done_count = s.n, done_on = s.done_on, state = case o.state when 'withdrawn' then o.state else s.state end,
        lacking = s.lacking, changed_at = clock_timestamp(), version = o.version + 1
    from settled s
    where s.id = o.id
        and (o.done_count, o.done_on, o.state, o.lacking) is distinct from
            (s.n, s.done_on, case o.state when 'withdrawn' then o.state else s.state end, s.lacking);
end
$$;

-- The obligations that a record serves, and those that it could serve: for each duty that asks for its kind, the one of
-- its period, of the unit or of who led it, which its id says; and those of its event.
create or replace function anze.concerned(record_ids uuid[]) returns uuid[] stable language sql
as $$
    with given as materialized (
        select r from anze.duty_record r where r.id = any (record_ids)),
    asked as materialized (
        select anze.obligation_id(d.code, d.period,
                case d.period when 'once' then lower(d.in_force) else anze.record_period(d, g.r) end, (g.r).unit_id, w.person_id,
                null) as id
        from given g
        join anze.duty d on (g.r).kind = any (d.record_kinds) and d.period <> 'event'
        cross join lateral (values (null::uuid), ((g.r).person_id)) w(person_id)),
    named as materialized ( -- found by these ids, and not by the unit
        select o from anze.obligation o where o.id = any (array(select a.id from asked a)))
    select array(
        select l.obligation_id from anze.obligation_record l where l.record_id = any (record_ids)
        union
        select (n.o).id
        from given g
        join named n on (n.o).unit_id = (g.r).unit_id
        join anze.duty d on d.code = (n.o).duty and d.version = (n.o).duty_version
        where (g.r).kind = any (d.record_kinds) and anze.record_is_of_period(n.o, d, g.r)
        union
        select o.id
        from given g
        join anze.obligation o on o.event_id = (g.r).event_id and o.unit_id = (g.r).unit_id
        join anze.duty d on d.code = o.duty and d.version = o.duty_version
        where (g.r).kind = any (d.record_kinds))
$$;

-- After records were written, published or retracted: counts the obligations again that they serve or served, and has
-- the rules of structure looked at that records can keep.
create or replace function anze.settle_records(record_ids uuid[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update anze.duty_work w set structure_is_stale = true
    where not w.structure_is_stale and w.unit_id in (
        select r.unit_id from anze.duty_record r
        join anze.structural_rule s on r.kind = any (s.record_kinds)
        where r.id = any (record_ids));
    perform anze.settle_obligations(anze.concerned(record_ids));
end
$$;

-- What it was goes to obligation_past, so that a past day can be asked.
create or replace function anze.obligation_changed() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.need_partition('obligation_past', clock_timestamp());
    insert into anze.obligation_past (obligation_id, was, required, done_count, done_on, lacking, state, holder_id, due_at,
        missed_from)
    select b.id, tstzrange(b.changed_at, a.changed_at), b.required, b.done_count, b.done_on, b.lacking, b.state,
        b.holder_id, b.due_at, b.missed_from
    from before b join after a on a.id = b.id
    where a.changed_at > b.changed_at;
    return null;
end
$$;
create or replace trigger obligation_keep after update on anze.obligation
    referencing old table as before new table as after
    for each statement execute function anze.obligation_changed();
