-- Everything that is owed by a time in one list: deadlines of cases, clocks of accidents, duties.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Clocks carry region, sector and unit of their accident, and when the sweeper is to look at them.
create or replace function anze.accident_clock_place() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    select a.region_code, a.sector, a.unit_id into new.region_code, new.sector, new.unit_id
    from anze.accident a where a.id = new.accident_id;
    if new.met_at is null and new.superseded_at is null and new.kind <> 'window' then
        new.next_notice_at := anze.first_accident_notice_at(new.due_at, new.starts_at);
    end if;
    return new;
end
$$;
create or replace trigger accident_clock_place before insert on anze.accident_clock
    for each row execute function anze.accident_clock_place();

-- With the owner's rights: who corrects an accident may not change a clock by itself.
create or replace function anze.accident_clocks_follow() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.accident_clock c set region_code = new.region_code, sector = new.sector, unit_id = new.unit_id
    where c.accident_id = new.id;
    return null;
end
$$;
create or replace trigger accident_clocks_follow after update of region_code, sector, unit_id on anze.accident
    for each row when ((old.region_code, old.sector, old.unit_id)
                       is distinct from (new.region_code, new.sector, new.unit_id))
    execute function anze.accident_clocks_follow();

-- A clock is never set back; only its end, the place of its accident and when it is told of may change. (Before an update
-- a generated column has no value yet.)
create or replace function anze.accident_clock_keeps() returns trigger language plpgsql as $$
declare
    ends constant text[] := '{met_at,superseded_at,superseded_by,because}';
    follows constant text[] := '{region_code,sector,unit_id,next_notice_at}';
    generated constant text[] := '{late,is_running,province,city,county,town}';
begin
    if (old.met_at is not null and new.met_at is distinct from old.met_at)
        or (old.superseded_at is not null and new.superseded_at is distinct from old.superseded_at)
        or (old.superseded_by is not null and new.superseded_by is distinct from old.superseded_by)
        or (to_jsonb(new) - ends - follows - generated) is distinct from (to_jsonb(old) - ends - follows - generated)
    then
        raise exception 'a clock is never set back' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- What all kinds have in common.
create or replace function anze.deadline_common(id uuid, kind text, due_at timestamptz) returns jsonb
stable parallel safe language sql
return jsonb_build_object('id', id, 'kind', kind, 'due_at', anze.instant(due_at),
    'state', case when due_at <= statement_timestamp() then 'overdue' else 'running' end,
    'overdue_seconds', case when due_at <= statement_timestamp()
                            then floor(extract(epoch from statement_timestamp() - due_at))::bigint end);

-- With the owner's rights over a deadline that the caller sees: it may know whose it is.
create or replace function anze.deadline_of_case(identity uuid) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(d.id, 'case', d.due_at) || jsonb_build_object('clock', d.clock,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'subject', c.title,
            'starts_at', anze.instant(d.starts_at), 'unit', anze.unit_name_json(d.owed_by),
            'region_code', d.region_code, 'sector', d.sector, 'basis', anze.rule_basis(d.rule, d.rule_version),
            'link', '/v1/cases/' || c.id)
        from anze.deadline d join anze.case_file c on c.id = d.case_id where d.id = identity);
end
$$;

create or replace function anze.deadline_of_accident(identity uuid) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(c.reference, 'accident', c.due_at) || jsonb_build_object('clock', c.code,
            'title_zh', coalesce(k.title_zh, r.title_zh), 'title_en', coalesce(k.title_en, r.title_en),
            'subject', a.place, 'starts_at', anze.instant(c.starts_at),
            'unit', jsonb_build_object('id', case when not a.unit_is_declared then a.unit_id end, 'name', a.unit_name),
            'level', anze.level_code(c.from_level), 'region_code', c.region_code, 'sector', c.sector,
            'basis', anze.rule_basis(c.rule, c.rule_version), 'link', '/v1/accidents/' || a.id)
        from anze.accident_clock c
        join anze.accident a on a.id = c.accident_id
        join anze.rule r on r.code = c.rule and r.version = c.rule_version
        left join anze.accident_clock_rule k
            on c.kind = 'report' and (k.code, k.from_level, k.to_level) = (c.code, c.from_level, c.to_level)
        where c.reference = identity);
end
$$;

create or replace function anze.deadline_of_duty(identity uuid) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(o.id, 'duty', o.due_at) || jsonb_build_object('clock', d.code,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'starts_at', anze.instant(anze.end_of_day(o.period_start - 1)),
            'unit', anze.unit_name_json(o.unit_id), 'person', anze.person_reference(o.holder_id),
            'region_code', o.region_code, 'sector', o.sector,
            'basis', jsonb_build_object('rule', d.code, 'rule_version', d.version, 'instrument', i.title,
                'article', o.clause, 'confidence', d.confidence),
            'link', '/v1/obligations/' || o.id)
        from anze.obligation o
        join anze.duty d on (d.code, d.version) = (o.duty, o.duty_version)
        join anze.instrument i on i.code = d.instrument
        where o.id = identity);
end
$$;

create or replace function anze.deadline_item(kind text, id uuid) returns jsonb stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(case kind
        when 'case' then anze.deadline_of_case(id)
        when 'accident' then anze.deadline_of_accident(id)
        when 'duty' then anze.deadline_of_duty(id)
    end);
end
$$;
