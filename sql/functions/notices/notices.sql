-- 警示提醒: reminders, warnings and their escalation, of whatever is owed (anze.subject). Each stage of each is told at most
-- once and never after a later one. Of several stages that fell due while nobody looked, the latest alone is told: whoever
-- gets it need not hear the earlier ones, and nobody is flooded. Which stages are over is known by what was told.
--
-- A subject brings anze.<subject>_owed(ids) and anze.<subject>_notice(notice); the table that has its clocks brings
-- anze.take_<table>(subject, now, rows), which locks what is to be looked at, and anze.put_back_<table>(ids, next looks).

set local check_function_bodies = off; -- functions of this folder may name later ones

-- How long a rule of notices is: of a day 24 hours, of a month the same hour of its day. NULL: its unit is no fixed time
-- (working days).
create or replace function anze.notice_delay(length numeric, unit text) returns interval
immutable parallel safe language sql
return length::double precision * case unit
    when 'minute' then interval '1 minute' when 'hour' then interval '1 hour' when 'day' then interval '24 hours'
    when 'month' then interval '1 month' when 'year' then interval '1 year' end;

-- When a stage comes that is counted from a moment: working days at the same hour of the day.
-- One that cannot be reckoned (none of those that a rule may have) is now, with a warning: telling never stops what is
-- filed or planned.
create or replace function anze.notice_time(counted_from timestamptz, length numeric, unit text) returns timestamptz
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    hour constant timestamp := counted_from at time zone 'Asia/Shanghai';
begin
    if abs(length) > 1000000 or unit = 'year' and abs(length) > 1000 then
        raise warning 'a time of notices cannot be reckoned: % % after %', length, unit, counted_from;
        return clock_timestamp();
    end if;
    return case unit
        when 'workday' then (anze.working_day_after(hour::date, length::integer) + hour::time) at time zone 'Asia/Shanghai'
        else counted_from + anze.notice_delay(length, unit) end;
end
$$;

create or replace function anze.notice_without_rule(stage text, rule_code text, at timestamptz) returns timestamptz
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise warning 'notices of the stage % have no time: no version of the rule % is in force', stage, rule_code;
    return at;
end
$$;

-- The region by which a place is told: the smallest that contains it and has times of its own; NULL: the nation's.
create or replace function anze.notice_region(place text) returns text stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select r.region_prefix from anze.rule r
        where r.region_code is not null and r.code in (select s.delay_rule from anze.notice_stage s)
            and starts_with(notice_region.place, r.region_prefix)
        order by length(r.region_prefix) desc limit 1);
end
$$;

-- When each stage of what is owed in a region is to be told, by its subject. A reminder that would come before `reminders_from` is none.
-- Without a period: of all periods. A stage whose rule says nothing for that day comes when the moment does from which it is
-- counted, with a warning: who owes must hear of it, and who files must not wait until an administrator has mended the rule.
create or replace function anze.notice_moments(subject text, due_at timestamptz, missed_from timestamptz,
    reminders_from timestamptz, period text default null, of_region text default null)
returns table (stage text, place smallint, kind text, addressee text, at timestamptz) stable language plpgsql rows 6
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    select s.code, s.place, s.kind, s.addressee, m.at
    from anze.notice_stage s
    left join lateral anze.rules_in_force(s.delay_rule, anze.day_of(notice_moments.due_at), of_region) r on true
    cross join lateral (
        select case s.counted_from when 'due_at' then notice_moments.due_at else notice_moments.missed_from end as at) c
    cross join lateral (
        select case when r.value is not null then anze.notice_time(c.at, r.value, r.unit)
                    else anze.notice_without_rule(s.code, s.delay_rule, c.at) end as at) m
    where s.subject = notice_moments.subject
        and (s.periods = '{}' or notice_moments.period is null or notice_moments.period = any (s.periods))
        and (s.kind <> 'reminder' or m.at >= notice_moments.reminders_from);
end
$$;

-- Of these moments: the stage that is to be told now, if any, which is the latest that came, and when the next one comes.
-- `told`: the place of the latest stage that was told; -1: none was.
create or replace function anze.stage_due(subject text, told smallint, now_at timestamptz, due_at timestamptz,
    missed_from timestamptz, reminders_from timestamptz, period text default null, of_region text default null,
    out stage text, out kind text, out addressee text, out next_at timestamptz) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    m record;
begin
    next_at := 'infinity';
    for m in
        select x.* from anze.notice_moments(subject, due_at, missed_from, reminders_from, period, of_region) x
        where x.place > told order by x.place
    loop
        if m.at <= now_at then
            stage := m.stage;
            kind := m.kind;
            addressee := m.addressee;
            next_at := 'infinity';
        else
            next_at := least(next_at, m.at);
        end if;
    end loop;
end
$$;

-- For planning: when the sweeper looks at a new obligation first. Ask once per combination, not once per row. A reminder
-- that would have been due before the day on which it is planned is none.
create or replace function anze.first_notice_at(
    due_at timestamptz, missed_from timestamptz, planned_day date, period text default null, of_region text default null)
returns timestamptz stable language sql
set search_path = pg_catalog, pg_temp as $$
    select least(first_notice_at.due_at, min(m.at))
    from anze.notice_moments('obligation', first_notice_at.due_at, first_notice_at.missed_from,
        anze.end_of_day(planned_day - 1), first_notice_at.period, first_notice_at.of_region) m
$$;

-- When the sweeper looks first at each of these, which are planned together: one look at the stages for all of them. What is
-- due never (NULL) is never looked at.
create or replace function anze.first_looks(of_subject text, dues timestamptz[], remind_from timestamptz[],
    of_region text default null) returns timestamptz[] stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return array(
        with stage as materialized ( -- asked once for each day
            select d.day, s.code, s.kind, s.delay_rule, r.value, r.unit
            from (select distinct anze.day_of(o.due_at) as day from unnest(dues) o(due_at) where o.due_at is not null) d
            cross join anze.notice_stage s
            left join lateral anze.rules_in_force(s.delay_rule, d.day, of_region) r on true
            where s.subject = of_subject)
        select coalesce((
            select min(m.at)
            from stage s
            cross join lateral (
                select case when s.value is not null then anze.notice_time(o.due_at, s.value, s.unit)
                            else anze.notice_without_rule(s.code, s.delay_rule, o.due_at) end as at) m
            where s.day = anze.day_of(o.due_at) and (s.kind <> 'reminder' or m.at >= o.remind_from)), 'infinity')
        from unnest(dues, remind_from) with ordinality o(due_at, remind_from, place)
        order by o.place);
end
$$;

-- Whom a stage tells of a unit: 0 itself, 1 its superior, 2 the safety office of its county, 3 of its city, 4 of its
-- province. Who does not exist (or is the unit itself) is replaced by the next one above, else by the next below.
create or replace function anze.notice_addressee(about uuid, addressee text) returns uuid stable language sql
set search_path = pg_catalog, pg_temp as $$
    with wanted as (
        select array_position('{unit,superior,safety_office,upper_safety_office}', addressee) - 1 as rank),
    those as (
        select 0 as rank, u.id from anze.unit u where u.id = about
        union all
        select 1, u.accountable_to from anze.unit u where u.id = about
        union all
        select l.rank, o.id
        from anze.unit u
        cross join lateral (values (2, u.county), (3, u.city || '00'), (4, u.province || '0000')) l(rank, region_code)
        join anze.unit o on o.region_code = l.region_code and o.kind = 'safety_office' and o.is_body
        where u.id = about)
    select t.id
    from those t cross join wanted w join anze.unit u on u.id = t.id
    where t.rank = 0 or t.id <> about and (u.closed_on is null or u.closed_on > anze.today())
    order by t.rank >= w.rank desc, abs(t.rank - w.rank), t.id
    limit 1
$$;

-- Tells of these, which are locked: the stage that is due now of each, if any. What nobody in the register answers for is
-- told to nobody, and looked at again at its next stage.
create or replace function anze.tell(subject_code text, ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    now_at constant timestamptz := clock_timestamp();
    of_subject constant anze.subject := (select s from anze.subject s where s.code = subject_code);
    owed anze.owing[];
    looked_at uuid[];
    looks timestamptz[];
begin
    execute format('select array(select o from anze.%I($1) o)', of_subject.code || '_owed') into owed using ids;
    with due as materialized (
        select o.*, s.stage, s.kind, s.addressee,
            -- The light changes when it is due and when it is missed, whatever is told.
            least(s.next_at, case when o.due_at > now_at then o.due_at end,
                case when o.missed_from > now_at then o.missed_from end) as next_at
        from unnest(owed) o
        cross join lateral (
            select coalesce(max(t.place), -1::smallint) as place
            from anze.notice x join anze.notice_stage t on t.code = x.stage
            where x.subject_id = o.id and x.subject = of_subject.code) told
        cross join lateral anze.stage_due(of_subject.code, told.place, now_at, o.due_at, o.missed_from, o.remind_from,
            o.period, o.region_code) s),
    told as (
        insert into anze.notice (id, subject, subject_id, stage, kind, unit_id, person_id, about_unit_id, issued_at,
            region_code, sector)
        select anze.new_id(d.region_code, now_at), of_subject.code, d.id, d.stage, d.kind,
            anze.notice_addressee(d.owed_by, d.addressee), d.person_id, d.owed_by, now_at, d.region_code, d.sector
        from due d
        where d.stage is not null and d.owed_by is not null)
    select array_agg(d.id), array_agg(d.next_at) into looked_at, looks from due d;
    execute format('select anze.%I($1, $2)', 'put_back_' || of_subject.clocks) using looked_at, looks;
end
$$;

-- A step of the sweep: of each subject so many rows, so that none waits for the end of another's.
create or replace function anze.tell_owed(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    now_at constant timestamptz := clock_timestamp();
    of_subject anze.subject;
    taken uuid[];
    told integer := 0;
begin
    for of_subject in select s.* from anze.subject s where s.clocks is not null order by s.place loop
        execute format('select anze.%I($1, $2, $3)', 'take_' || of_subject.clocks) into taken
            using of_subject.code, now_at, max_rows;
        if taken is not null then
            perform anze.do_each('tell_owed', of_subject.code, format('anze.tell(%L, $1::uuid[])', of_subject.code), taken::text[]);
            told := told + cardinality(taken);
        end if;
    end loop;
    return told;
end
$$;

-- Reading ------------------------------------------------------------------------------------------------------------

-- With the owner's rights: whoever is told may read of whom, though the directory may not show it to him.
create or replace function anze.notice_json(n anze.notice) returns jsonb stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    about jsonb;
begin
    execute format('select anze.%I($1)', n.subject || '_notice') into about using n;
    return (
    select jsonb_strip_nulls(jsonb_build_object('id', n.id, 'version', n.version, 'kind', n.kind, 'stage', n.stage,
        'stage_title_zh', s.title_zh, 'stage_title_en', s.title_en, 'issued_at', anze.instant(n.issued_at),
        'unit', jsonb_build_object('id', t.id, 'kind', t.kind, 'name', t.name),
        'about_unit', jsonb_build_object('id', u.id, 'kind', u.kind, 'name', u.name),
        'person', case when p.id is not null then jsonb_build_object('id', p.id, 'name', p.name) end,
        'region_code', n.region_code, 'sector', n.sector,
        'acknowledged', n.acknowledged_at is not null, 'acknowledged_at', anze.instant(n.acknowledged_at),
        'acknowledged_by', n.acknowledged_by, 'acknowledged_on_behalf_of', n.acknowledged_on_behalf_of,
        'note', n.acknowledgement)
        || about)
    from anze.unit u
    join anze.unit t on t.id = n.unit_id
    join anze.notice_stage s on s.code = n.stage
    left join anze.person p on p.id = n.person_id
    where u.id = n.about_unit_id);
end
$$;
-- Acknowledging ------------------------------------------------------------------------------------------------------

-- Once, by the unit that is told or who acts over it.
create or replace function anze.acknowledge_notice(notice_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    n anze.notice;
    shown jsonb;
begin
    select * into n from anze.notice x
    where x.id = notice_id
        and (anze.can_see_of_unit(x.region_code, x.sector, x.about_unit_id) or x.unit_id = anze.unit())
        and not (x.subject = 'case' and anze.deadline_is_withheld(x.subject_id))
    for update;
    if n.id is null then
        perform anze.refuse('AZ404', '没有该提醒。', 'There is no such notice.');
    end if;
    if (anze.unit_in_reach(n.unit_id)).id is null then
        perform anze.refuse('AZ403', '只有被提醒的单位或其上级可以签收。',
            'Only the unit that is told, or who acts over it, acknowledges.');
    end if;
    perform anze.require_version(n.version, if_match);
    if n.acknowledged_at is not null then
        perform anze.refuse_state('该提醒已签收。', 'This notice is acknowledged already.');
    end if;
    update anze.notice x
    set acknowledged_at = clock_timestamp(), acknowledged_by = coalesce(anze.actor(), 'login:' || session_user),
        acknowledged_on_behalf_of = anze.on_behalf_of(), acknowledgement = given ->> 'note', version = x.version + 1
    where x.id = n.id returning * into n;
    shown := anze.notice_json(n);
    return query select '200', shown::text, anze.etag(n.version, shown::text), '/v1/notices/' || n.id;
end
$$;
