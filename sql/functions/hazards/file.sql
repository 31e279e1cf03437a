-- Filing a hazard: its row and its case, at once.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The finding of a record that becomes a hazard, locked; a row of NULLs when none is named or it is not in sight.
create or replace function anze.hazard_finding(given jsonb) returns anze.follow_up language plpgsql as $$
declare
    f anze.follow_up;
begin
    if not given ? 'finding' then
        return f;
    end if;
    select * into f from anze.follow_up x
    where x.record_id = (given #>> '{finding,record_id}')::uuid
        and x.number = (given #>> '{finding,number}')::smallint
        and x.kind = 'finding' and x.withdrawn_at is null
        and (anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
             or exists (select from anze.duty_record r
                        where r.id = x.record_id and anze.can_see_of_unit(r.region_code, r.sector, r.unit_id)))
    for no key update;
    return f;
end
$$;

-- What is given as a row, without looking at it. A finding says which unit it is about.
create or replace function anze.hazard_given(given jsonb, u anze.unit) returns anze.hazard language plpgsql as $$
declare
    h anze.hazard;
    things constant jsonb := given -> 'rectification';
    cited constant text[] := anze.hazard_cited(given);
begin
    h.found_at := date_trunc('milliseconds', (given ->> 'found_at')::timestamptz);
    h.id := anze.new_id(u.region_code, h.found_at);
    h.unit_id := u.id;
    h.region_code := u.region_code;
    h.sector := u.sector;
    h.description := given ->> 'description';
    h.place := given ->> 'place';
    h.lon := given #>> '{point,lon}';
    h.lat := given #>> '{point,lat}';
    h.crs := given #>> '{point,crs}';
    h.source := given ->> 'source';
    h.found_by := given ->> 'found_by';
    h.category := given ->> 'category';
    h.criterion := cited[1];
    h.further_criteria := case when cardinality(cited) > 1 then anze.hazard_further(cited, anze.day_of(h.found_at)) else '[]' end;
    h.criterion_version := (anze.hazard_criterion_on(h.criterion, anze.day_of(h.found_at))).version;
    h.imminent_danger := coalesce((given ->> 'imminent_danger')::boolean, false);
    h.responsible := things ->> 'responsible';
    h.measures := things ->> 'measures';
    h.budget_cny := things ->> 'budget_cny';
    h.due_on := things ->> 'due_on';
    h.emergency_plan := things ->> 'emergency_plan';
    h.record_id := given #>> '{finding,record_id}';
    h.finding_number := given #>> '{finding,number}';
    h.evidence := coalesce(given -> 'evidence', '[]');
    return h;
end
$$;

create or replace function anze.hazard_faults(h anze.hazard, given jsonb, u anze.unit, f anze.follow_up) returns jsonb
stable language plpgsql as $$
begin
    return (
        select '[]'::jsonb || anze.duty_unit_faults(given, u) || anze.evidence_faults(h.evidence)
            || anze.hazard_cited_faults(given, anze.day_of(h.found_at), h.sector)
            || coalesce(jsonb_agg(anze.fault(w.pointer, w.rule, w.zh, w.en)), '[]')
        from (values
            (h.found_at > clock_timestamp(), '/found_at', 'in-future', '发现时间不能晚于现在。',
                'It cannot have been found in the future.'),
            ((anze.rule_in_force('HAZ.JUDGE', anze.day_of(h.found_at), h.region_code)).code is null, '/found_at', 'no-rule-in-force', '发现之日没有施行中的隐患排查治理规定。',
                'No rule about hazards was in force on the day of finding.'),
            (h.due_on < anze.day_of(h.found_at), '/rectification/due_on', 'before-found-at', '整改期限不能早于发现之日。',
                'Not before the day of finding.'),
            ((h.source = 'record_finding') <> (given ? 'finding'), '/finding', 'finding-and-source',
                '来源为履职记录发现问题的，应且仅应指明该问题。', 'The source record_finding names its finding, and no other source does.'),
            (given ? 'finding' and f.record_id is null, '/finding', 'unknown-reference', '没有该检查发现问题。',
                'There is no such finding.'),
            (f.unit_id <> u.id, '/unit_id', 'of-other-unit', '该问题应由其他单位整改。', 'The finding is about another unit.'),
            (anze.reach() = 'unit' and h.source in ('inspection', 'tip', 'other_department'), '/source', 'not-for-units',
                '该来源由监管部门填写。', 'Offices state this source.'),
            (h.source = 'inspection' and anze.caller_level() > 0 and not 'inspect' = any (anze.caller_powers()), '/source',
                'no-power-to-inspect', '议事协调机构（安委会及其办公室）不对企业开展检查。',
                'A body that coordinates (the safety committee, its office) inspects no enterprise.')
        ) w(holds, pointer, rule, zh, en)
        where w.holds);
end
$$;

-- One line of at most 200 characters: what the case is called.
create or replace function anze.hazard_title(description text) returns text immutable parallel safe language sql
return left(btrim(regexp_replace(description, '\s+', ' ', 'g')), 200);

-- Which level handles it: the one that files it; what a unit files itself is its county's.
create or replace function anze.hazard_level() returns smallint stable language sql
return case anze.caller_level() when 0 then anze.rule_value('HAZ.LEVEL', anze.today())
            else anze.caller_level() end::smallint;

create or replace function anze.hazard_keep(h anze.hazard) returns anze.hazard language plpgsql as $$
declare
    again record;
    supervisor constant uuid := (select o.id from anze.unit o where o.id = anze.unit() and o.is_body);
    c anze.case_file;
begin
    perform anze.lock_recurrence(h.unit_id, h.criterion);
    again := anze.hazard_recurrence(h);
    c := anze.open_case('hazard', h.unit_id, supervisor, anze.hazard_level(), anze.hazard_title(h.description),
        jsonb_build_object('hazard_id', h.id, 'found_at', anze.instant(h.found_at)), null,
        jsonb_strip_nulls(jsonb_build_object('source', h.source, 'place', h.place, 'criterion', h.criterion)), h.evidence);
    insert into anze.hazard (id, found_at, case_id, version, unit_id, description, place, lon, lat, crs, source, found_by,
        category, criterion, criterion_version, further_criteria, imminent_danger, responsible, measures, budget_cny, due_on, emergency_plan,
        record_id, finding_number, evidence, recurrence_of, recurrences, state, is_open, due_at, region_code, sector)
    values (h.id, h.found_at, c.id, c.version, h.unit_id, h.description, h.place, h.lon, h.lat, h.crs, h.source,
        h.found_by, h.category, h.criterion, h.criterion_version, h.further_criteria, h.imminent_danger, h.responsible, h.measures,
        h.budget_cny, h.due_on, h.emergency_plan, h.record_id, h.finding_number, h.evidence, again.last_id, again.count,
        c.state, c.is_open, c.due_at, h.region_code, h.sector)
    returning * into h;
    if h.record_id is not null then
        update anze.follow_up f set hazard_id = h.id, version = f.version + 1, updated_at = clock_timestamp()
        where f.record_id = h.record_id and f.number = h.finding_number;
    end if;
    return h;
end
$$;

create or replace function anze.file_hazard(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    f constant anze.follow_up := anze.hazard_finding(given);
    u constant anze.unit := case
        when given ? 'unit_id' or f.record_id is null then anze.duty_unit(given) else anze.unit_in_reach(f.unit_id) end;
    h anze.hazard := anze.hazard_given(given, u);
begin
    perform anze.refuse_all(anze.hazard_faults(h, given, u, f));
    if f.hazard_id is not null then
        perform anze.refuse_state('该问题已登记为隐患。', 'The finding is a hazard already.');
    end if;
    perform anze.need_partition('hazard', h.found_at);
    h := anze.hazard_keep(h);
    return query select * from anze.hazard_answer(h.id, '201');
end
$$;
