-- Clocks of accidents as what notices tell of and lists show: the subject `accident`. Their stages are counted in minutes.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A reminder that would come when the clock began, or before, is none.
create or replace function anze.accident_reminders_from(starts_at timestamptz) returns timestamptz
stable parallel safe language sql
return starts_at + interval '1 microsecond';

-- Who answers for it that a clock is kept: the accident's unit for what units report (first and daily reports), the
-- department of comprehensive supervision 应急管理局 for what its level passes up, or the safety office where the register
-- has no such department there. A unit that is only declared, or closed, cannot be told: the county's safety office is.
-- (That the register may know a declared unit is not shown to anybody.) What a level has not, the next one above has, else
-- the next below. NULL: the register has no body in these regions.
create or replace function anze.accident_clock_owner(d anze.deadline) returns uuid stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    from_level constant smallint := anze.accident_clock_from(d);
    is_of_unit constant boolean := coalesce(from_level, 0) = 0;
    wanted constant integer := case when is_of_unit then 2 else from_level end;
    preferred constant text := case when is_of_unit then 'safety_office' else 'department' end;
    owner uuid;
begin
    if is_of_unit then
        select u.id into owner
        from anze.accident a join anze.unit u on u.id = a.unit_id
        where a.id = d.subject_id and not a.unit_is_declared and (u.closed_on is null or u.closed_on > anze.today());
    end if;
    return coalesce(owner, (
        select u.id
        from (values (1, d.town), (2, d.county), (3, d.city || '00'), (4, d.province || '0000')) l(rank, region_code)
        join anze.unit u on u.region_code = l.region_code and u.is_body
            and (u.kind = 'safety_office' or u.kind = 'department' and u.supervision_role = 'comprehensive')
        where u.closed_on is null or u.closed_on > anze.today()
        order by l.rank >= wanted desc, abs(l.rank - wanted), u.kind = preferred desc, u.id
        limit 1));
end
$$;

-- Whether the caller is who answers for it that a clock which it sees is kept: its unit, or a body for which it acts.
create or replace function anze.caller_owes_clock(deadline_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.accident_clock_owner(d) = any (anze.caller_units()) from anze.deadline d where d.id = deadline_id);
end
$$;

-- A notice carries region and sector of the accident, so that who has it in reach sees who was told.
create or replace function anze.accident_owed(ids uuid[]) returns setof anze.owing stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select d.id, anze.accident_clock_owner(d), null::uuid, d.due_at, d.due_at, anze.accident_reminders_from(d.starts_at),
        null::text, d.region_code, d.sector
    from anze.deadline d where d.id = any (ids);
end
$$;

-- Reading ------------------------------------------------------------------------------------------------------------

-- What a notice says of a clock. Who is told need not see the accident: so this says which clock of which accident runs
-- until when, and the grade, and nothing of what happened, where and to whom. It is read as the service's own work, and
-- called by anze.notice_json alone, of a notice that the caller sees.
create or replace function anze.accident_notice(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    shown jsonb;
begin
    perform set_config('anze.reach', 'service', true);
    select jsonb_build_object(
        'accident', jsonb_build_object('id', a.id, 'deadline_id', d.id, 'clock', d.clock,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'grade', g.code, 'grade_title_zh', g.title_zh,
            'grade_title_en', g.title_en, 'from_level', anze.level_code(anze.accident_clock_from(d)),
            'to_level', anze.level_code(anze.accident_clock_to(d)), 'day', d.details -> 'day',
            'due_at', anze.instant(d.due_at), 'state', anze.accident_clock_state(d, statement_timestamp())),
        'text_zh', anze.deadline_text_zh(w.who_zh, d.title_zh, g.title_zh, d.due_at, n.issued_at, n.kind, s.title_zh),
        'text_en', anze.deadline_text_en(w.who_en, d.title_en, g.title_en, d.due_at, n.issued_at, n.kind, s.title_en))
    into shown
    from anze.deadline d
    join anze.accident a on a.id = d.subject_id
    join anze.accident_grade g on g.rank = a.grade
    join anze.unit u on u.id = n.about_unit_id
    join anze.notice_stage s on s.code = n.stage
    cross join lateral (
        -- The office that is told in place of a unit that the register does not have owes nothing itself.
        select case when i.stands_in then '未登记的事故单位' else u.name end as who_zh,
            case when i.stands_in then 'The unit of the accident, which is not registered,' else u.name end as who_en
        from (select coalesce(anze.accident_clock_from(d), 0) = 0 and u.is_body and u.kind = 'safety_office'
                  and u.id is distinct from a.unit_id as stands_in) i) w
    where d.id = n.subject_id;
    perform set_config('anze.reach', reach_before, true);
    return shown;
end
$$;

-- As the list of deadlines shows it.
create or replace function anze.accident_deadline(identity uuid) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(d.id, 'accident', d.due_at) || jsonb_build_object('clock', d.clock,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'subject', a.place, 'starts_at', anze.instant(d.starts_at),
            'unit', jsonb_build_object('id', case when not a.unit_is_declared then a.unit_id end, 'name', a.unit_name),
            'level', anze.level_code(anze.accident_clock_from(d)), 'region_code', d.region_code, 'sector', d.sector,
            'basis', anze.rule_basis(d.rule, d.rule_version, anze.day_of(a.occurred_at)),
            'link', '/v1/accidents/' || a.id)
        from anze.deadline d join anze.accident a on a.id = d.subject_id
        where d.id = identity);
end
$$;

-- What stays ---------------------------------------------------------------------------------------------------------

-- Clocks carry region, sector and unit of their accident. With the owner's rights: who corrects an accident may not change
-- a clock by itself.
create or replace function anze.accident_clocks_follow() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.deadline d set region_code = new.region_code, sector = new.sector, owed_by = new.unit_id
    where d.subject_id = new.id;
    return null;
end
$$;
create or replace trigger accident_clocks_follow after update of region_code, sector, unit_id on anze.accident
    for each row when ((old.region_code, old.sector, old.unit_id)
                       is distinct from (new.region_code, new.sector, new.unit_id))
    execute function anze.accident_clocks_follow();

-- A clock is never set back; only its end, the place of its accident and when it is told of may change.
create or replace function anze.accident_clock_keeps() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'a clock is never set back' using errcode = 'insufficient_privilege';
end
$$;
create or replace trigger accident_clock_keeps before update on anze.deadline
    for each row when (old.subject = 'accident' and (
        old.met_at is not null and new.met_at is distinct from old.met_at
        or old.superseded_at is not null and new.superseded_at is distinct from old.superseded_at
        or old.superseded_by is not null and new.superseded_by is distinct from old.superseded_by
        or (new.id, new.subject, new.subject_id, new.clock, new.title_zh, new.title_en, new.starts_at, new.due_at, new.rule,
            new.rule_version, new.is_owed, new.planned_at, new.details)
            is distinct from (old.id, old.subject, old.subject_id, old.clock, old.title_zh, old.title_en, old.starts_at,
            old.due_at, old.rule, old.rule_version, old.is_owed, old.planned_at, old.details)))
    execute function anze.accident_clock_keeps();
