-- Clocks of accidents are told before, at and after, level by level: like duties and deadlines (notice.sql), by stages of
-- their own, in minutes; each at most once and never after a later one, the latest alone where several passed unseen.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A reminder that would come when the clock began, or before, is none.
create or replace function anze.accident_reminders_from(starts_at timestamptz) returns timestamptz
immutable parallel safe language sql
return starts_at + interval '1 microsecond';

-- When the sweeper looks at a new clock first. Filing asks it for each clock: PL/pgSQL keeps its plan.
create or replace function anze.first_accident_notice_at(due_at timestamptz, starts_at timestamptz)
returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(min(m.at), 'infinity')
        from anze.notice_moments('accident', first_accident_notice_at.due_at, first_accident_notice_at.due_at,
            anze.accident_reminders_from(first_accident_notice_at.starts_at)) m);
end
$$;

-- Who answers for it that a clock is kept: the accident's unit for what units report (first and daily reports), the
-- department of comprehensive supervision 应急管理局 for what its level passes up, or the safety office where the register
-- has no such department there. A unit that is only declared, or closed, cannot be told: the county's safety office is.
-- (That the register may know a declared unit is not shown to anybody.) What a level has not, the next one above has, else
-- the next below. NULL: the register has no body in these regions.
create or replace function anze.accident_clock_owner(c anze.accident_clock) returns uuid stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    is_of_unit constant boolean := coalesce(c.from_level, 0) = 0;
    wanted constant integer := case when is_of_unit then 2 else c.from_level end;
    preferred constant text := case when is_of_unit then 'safety_office' else 'department' end;
    owner uuid;
begin
    if is_of_unit then
        select u.id into owner
        from anze.accident a join anze.unit u on u.id = a.unit_id
        where a.id = c.accident_id and not a.unit_is_declared and (u.closed_on is null or u.closed_on > anze.today());
    end if;
    return coalesce(owner, (
        select u.id
        from (values (1, c.town), (2, c.county), (3, c.city || '00'), (4, c.province || '0000')) l(rank, region_code)
        join anze.unit u on u.region_code = l.region_code and u.is_body
            and (u.kind = 'safety_office' or u.kind = 'department' and u.supervision_role = 'comprehensive')
        where u.closed_on is null or u.closed_on > anze.today()
        order by l.rank >= wanted desc, abs(l.rank - wanted), u.kind = preferred desc, u.id
        limit 1));
end
$$;

-- The stage that is to be told now of each of these clocks, if any, and when to look again.
create or replace function anze.accident_notices_due(clock_ids bigint[], now_at timestamptz)
returns table (clock_id bigint, stage text, kind text, addressee text, next_at timestamptz) stable language sql
set search_path = pg_catalog, pg_temp as $$
    select c.id, s.stage, s.kind, s.addressee, s.next_at
    from anze.accident_clock c
    cross join lateral (
        select coalesce(max(t.place), -1::smallint) as place
        from anze.notice x join anze.notice_stage t on t.code = x.stage
        where x.clock_reference = c.reference) told
    cross join lateral anze.stage_due('accident', told.place, now_at, c.due_at, c.due_at,
        anze.accident_reminders_from(c.starts_at)) s
    where c.id = any (clock_ids)
$$;

-- A step of the sweep. The accident itself is not touched: what one reads of it stays as it is.
create or replace function anze.tell_accident_clocks(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    now_at constant timestamptz := clock_timestamp();
    taken bigint[];
begin
    select array_agg(t.id) into taken from (
        select c.id from anze.accident_clock c
        where c.is_running and c.next_notice_at < 'infinity' and c.next_notice_at <= now_at
        order by c.next_notice_at limit max_rows for no key update skip locked) t;
    if taken is null then
        return 0;
    end if;
    with due as materialized (
        select * from anze.accident_notices_due(taken, now_at)),
    told as (
        insert into anze.notice (stage, kind, clock_reference, unit_id, about_unit_id, issued_at, region_code, sector)
        select d.stage, d.kind, c.reference, anze.notice_addressee(o.owner, d.addressee), o.owner, now_at, c.region_code,
            c.sector
        from due d
        join anze.accident_clock c on c.id = d.clock_id
        cross join lateral (select anze.accident_clock_owner(c) as owner offset 0) o
        where d.stage is not null and o.owner is not null)
    update anze.accident_clock c set next_notice_at = d.next_at
    from due d where c.id = d.clock_id;
    return cardinality(taken);
end
$$;

-- Reading ------------------------------------------------------------------------------------------------------------

create or replace function anze.accident_clock_state(c anze.accident_clock) returns text stable parallel safe language sql
return case when (c).superseded_at is not null then 'superseded'
            when (c).met_at is not null then case when (c).late is null then 'met' else 'met_late' end
            when (c).due_at <= statement_timestamp() then 'overdue'
            else 'running' end;

-- What a notice says of a clock. Who is told need not see the accident: so this says which clock of which accident runs
-- until when, and the grade, and nothing of what happened, where and to whom. It is read as the service's own work, and
-- called by anze.notice_json alone, of a notice that the caller sees.
create or replace function anze.notice_of_accident(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    shown jsonb;
begin
    perform set_config('anze.reach', 'service', true);
    select jsonb_build_object(
        'accident', jsonb_build_object('id', c.accident_id, 'deadline_id', c.reference, 'clock', c.code,
            'title_zh', w.title_zh, 'title_en', w.title_en, 'grade', g.code, 'grade_title_zh', g.title_zh,
            'grade_title_en', g.title_en, 'from_level', anze.level_code(c.from_level),
            'to_level', anze.level_code(c.to_level), 'day', c.day, 'due_at', anze.instant(c.due_at),
            'state', anze.accident_clock_state(c)),
        'text_zh', anze.deadline_text_zh(w.who_zh, w.title_zh, g.title_zh, c.due_at, n.issued_at, n.kind, s.title_zh),
        'text_en', anze.deadline_text_en(w.who_en, w.title_en, g.title_en, c.due_at, n.issued_at, n.kind, s.title_en))
    into shown
    from anze.accident_clock c
    join anze.accident a on a.id = c.accident_id
    join anze.accident_grade g on g.rank = a.grade
    join anze.rule r on r.code = c.rule and r.version = c.rule_version
    join anze.unit u on u.id = n.about_unit_id
    join anze.notice_stage s on s.code = n.stage
    left join anze.accident_clock_rule k
        on c.kind = 'report' and (k.code, k.from_level, k.to_level) = (c.code, c.from_level, c.to_level)
    cross join lateral (
        select coalesce(k.title_zh, r.title_zh) as title_zh, coalesce(k.title_en, r.title_en) as title_en,
            -- The office that is told in place of a unit that the register does not have owes nothing itself.
            case when i.stands_in then '未登记的事故单位' else u.name end as who_zh,
            case when i.stands_in then 'The unit of the accident, which is not registered,' else u.name end as who_en
        from (select coalesce(c.from_level, 0) = 0 and u.is_body and u.kind = 'safety_office'
                  and u.id is distinct from a.unit_id as stands_in) i) w
    where c.reference = n.clock_reference;
    perform set_config('anze.reach', reach_before, true);
    return shown;
end
$$;
