-- What steps of a hazard's case do to the hazard: anze.case_effect_hazard_<name>(case, event), and what they find wrong with
-- what a step says: anze.case_check_hazard_<name>. A case of this kind that has no hazard (only tests make one) keeps nothing.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Judging ------------------------------------------------------------------------------------------------------------

-- What makes a hazard major is a criterion, and a criterion that makes it major cannot make it general.
create or replace function anze.hazard_basis_faults(h anze.hazard, judged_as text, named text, pointer text) returns jsonb
stable language plpgsql as $$
begin
    return (
        select '[]'::jsonb || anze.hazard_criterion_faults(named, anze.day_of(h.found_at), h.sector, pointer)
            || case
            when judged_as = 'major' and named is null then anze.fault(pointer, 'required', '判定为重大隐患应指明判定标准。',
                'A major hazard is one by a criterion.')
            when k.severity <> judged_as then anze.fault(pointer, 'criterion-of-other-severity',
                '该判定标准对应另一等级。', 'The criterion makes it of the other severity.')
            else '[]' end
        from (select) one
        left join anze.hazard_criterion k on k.code = named and k.in_force @> anze.day_of(h.found_at));
end
$$;

-- A criterion of major hazards that was named at filing is judged away by an officer, who says why.
create or replace function anze.hazard_judged_away_faults(h anze.hazard, judged_as text, given jsonb, pointer text)
returns jsonb stable language plpgsql as $$
begin
    if judged_as <> 'general' or h.severity is not null or given ? 'criterion'
        or coalesce((anze.hazard_criterion_on(h.criterion, anze.day_of(h.found_at))).severity, 'general') <> 'major'
    then
        return '[]';
    end if;
    return case when coalesce(anze.caller_level() > 0, false) then '[]'
            else jsonb_build_array(anze.fault(pointer || '/criterion', 'officer-needed',
                '登记时指明了重大隐患判定标准，改判为一般隐患由监管部门作出。',
                'It was filed by a criterion of major hazards: an officer decides that it is none.')) end
        || case when given ? 'basis' then '[]'
            else jsonb_build_array(anze.fault(pointer || '/basis', 'required',
                '登记时指明了重大隐患判定标准，请说明不构成重大隐患的理由。',
                'It was filed by a criterion of major hazards: say why it is none.')) end;
end
$$;

-- What a step names beside the leading criterion: codes with commas between them.
create or replace function anze.hazard_further_named(line text) returns text[] immutable parallel safe language plpgsql as $$
begin
    return array(select btrim(c.code) from unnest(string_to_array(line, ',')) with ordinality c(code, place)
                 where btrim(c.code) <> '' order by c.place);
end
$$;

create or replace function anze.hazard_judged_as(action text) returns text immutable parallel safe language sql
return case when action like 'judge\_major%' then 'major' else 'general' end;

-- Each of several bases is judged like the leading one.
create or replace function anze.hazard_further_faults(h anze.hazard, judged_as text, cited text[], pointer text) returns jsonb
stable language plpgsql as $$
declare
    faults jsonb := '[]';
begin
    for place in 1 .. coalesce(cardinality(cited), 0) loop
        faults := faults || anze.hazard_basis_faults(h, judged_as, cited[place], pointer);
    end loop;
    return faults;
end
$$;

create or replace function anze.case_check_hazard_judged(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_of_case(c);
begin
    return case when h.id is null then '[]'
        else anze.hazard_basis_faults(h, anze.hazard_judged_as(e.action), e.content ->> 'criterion', '/fields/criterion')
            || anze.hazard_judged_away_faults(h, anze.hazard_judged_as(e.action), e.content, '/fields')
            || anze.hazard_further_faults(h, anze.hazard_judged_as(e.action),
                anze.hazard_further_named(e.content ->> 'further_criteria'), '/fields/further_criteria') end;
end
$$;

-- The judgement is kept for ever, and the hazard is what it says. A criterion of the same severity that was known before
-- stays where none is named. Found again within a year is seen here too, since the criterion may be known only now.
create or replace function anze.case_effect_hazard_judged(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h anze.hazard := anze.hazard_of_case(c);
    judged_as constant text := anze.hazard_judged_as(e.action);
    named constant text := coalesce(e.content ->> 'criterion',
        (select k.code from anze.hazard_criterion_on(h.criterion, anze.day_of(h.found_at)) k where k.severity = judged_as));
    again record;
begin
    if h.id is null then
        return c;
    end if;
    h.criterion := named;
    h.further_criteria := anze.hazard_further(named || anze.hazard_further_named(e.content ->> 'further_criteria'),
        anze.day_of(h.found_at));
    h.criterion_version := (anze.hazard_criterion_on(named, anze.day_of(h.found_at))).version;
    h.imminent_danger := h.imminent_danger or coalesce((e.content ->> 'imminent_danger')::boolean, false);
    perform anze.lock_recurrence(h.unit_id, named);
    again := anze.hazard_recurrence(h);
    insert into anze.hazard_judgement (hazard_id, number, severity, criterion, criterion_version, further_criteria, basis,
        imminent_danger, judged_at, level)
    select h.id, count(*) + 1, judged_as, h.criterion, h.criterion_version, h.further_criteria, e.content ->> 'basis', h.imminent_danger, e.at,
        e.level
    from anze.hazard_judgement j where j.hazard_id = h.id;
    update anze.hazard x
    set severity = judged_as, criterion = h.criterion, criterion_version = h.criterion_version,
        further_criteria = h.further_criteria, judged_at = e.at, imminent_danger = h.imminent_danger, recurrence_of = again.last_id, recurrences = again.count
    where x.id = h.id and x.found_at = h.found_at;
    c.facts := c.facts || jsonb_strip_nulls(jsonb_build_object('severity', judged_as, 'criterion', h.criterion));
    return c;
end
$$;

-- The step of the case by which this severity is judged now; where there is none, one that will be refused.
create or replace function anze.hazard_judging_step(c anze.case_file, judged_as text) returns text
stable language plpgsql as $$
begin
    return (
        select a.code from anze.case_action a
        where (a.kind, a.version) = (c.kind, c.kind_version)
            and a.code = any (case judged_as when 'major' then array['judge_major', 'judge_major_stopped']
                              else array['judge_general', 'judge_general_stopped', 'regrade_general'] end)
        order by c.state = any (a.from_states) desc, a.place limit 1);
end
$$;

-- By what a hazard is judged, the leading one first. Where the texts of its sector are not entered whole, an officer's
-- reasons do: the general clause is then what leads.
create or replace function anze.hazard_judged_by(h anze.hazard, given jsonb) returns text[] stable language plpgsql as $$
declare
    cited constant text[] := anze.hazard_cited(given);
    day constant date := anze.day_of(h.found_at);
begin
    if cited = '{}' and given ->> 'severity' = 'major' and given ? 'basis' and anze.caller_level() > 0
        and not anze.hazard_criteria_complete(day, h.sector)
    then
        return array[anze.hazard_general_clause(day)];
    end if;
    return cited;
end
$$;

create or replace function anze.judge_hazard(hazard uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    h constant anze.hazard := anze.hazard_lock(hazard, if_match);
    c constant anze.case_file := (select x from anze.case_file x where x.id = h.case_id);
    judged_as constant text := given ->> 'severity';
    cited constant text[] := anze.hazard_judged_by(h, given);
begin
    perform anze.refuse_all(anze.hazard_basis_faults(h, judged_as, cited[1], '/criterion')
        || anze.hazard_judged_away_faults(h, judged_as,
            given || jsonb_strip_nulls(jsonb_build_object('criterion', cited[1])), '')
        || anze.hazard_further_faults(h, judged_as, cited[2:], '/criteria')
        || anze.evidence_faults(coalesce(given -> 'evidence', '[]')));
    perform anze.case_act(h.case_id, anze.hazard_judging_step(c, judged_as),
        given - '{severity,evidence,criterion,criteria}'::text[] || jsonb_strip_nulls(jsonb_build_object('criterion', cited[1],
            'further_criteria', nullif(array_to_string(cited[2:], ','), ''))), coalesce(given -> 'evidence', '[]'));
    return query select * from anze.hazard_answer(h.id, '201');
end
$$;

-- Putting right ------------------------------------------------------------------------------------------------------

-- The five things 五落实, as far as this step fixes them.
create or replace function anze.case_effect_hazard_fixed(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_of_case(c);
begin
    update anze.hazard x
    set responsible = coalesce(e.content ->> 'responsible', x.responsible),
        measures = coalesce(e.content ->> 'measures', x.measures),
        budget_cny = coalesce((e.content ->> 'budget_cny')::numeric, x.budget_cny),
        due_on = coalesce((e.content ->> 'due_on')::date, x.due_on),
        emergency_plan = coalesce(e.content ->> 'emergency_plan', x.emergency_plan)
    where x.id = h.id and x.found_at = h.found_at;
    return c;
end
$$;

-- More time is a later day.
create or replace function anze.case_check_hazard_extended(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select jsonb_agg(anze.fault('/fields/' || d.name, 'not-later', '应晚于现期限。', 'Later than the day that was set.'))
        from jsonb_each_text(e.content) d(name, value)
        where d.name in ('due_on', 'asked_until') and d.value::date <= (c.facts ->> 'due_on')::date), '[]');
end
$$;

create or replace function anze.case_effect_hazard_extended(c anze.case_file, e anze.case_event) returns anze.case_file
immutable language sql
return c;

create or replace function anze.case_check_hazard_told(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.day_ahead_faults(e.content, '{told_on}');
end
$$;

create or replace function anze.case_effect_hazard_told(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_of_case(c);
begin
    update anze.hazard x
    set congress_told_on = coalesce((e.content ->> 'told_on')::date, x.congress_told_on),
        department_told_at = case e.action when 'report_to_department' then coalesce(x.department_told_at, e.at)
                             else x.department_told_at end
    where x.id = h.id and x.found_at = h.found_at;
    return c;
end
$$;

create or replace function anze.case_effect_hazard_stopped(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_of_case(c);
begin
    update anze.hazard x set imminent_danger = true where x.id = h.id and x.found_at = h.found_at;
    return c;
end
$$;

-- Until when it is reviewed: a coal mine's acceptance has a term of its own.
create or replace function anze.case_effect_hazard_completed(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    day constant date := anze.day_of(e.at);
    is_coal constant boolean := exists (select from anze.sector s where s.code = c.sector and s.rule_set = 'coal');
    term constant anze.rule := anze.rule_on(
        case when is_coal and (anze.rule_in_force('HAZ.COAL.ACCEPT', day, c.region_code)).code is not null
            then 'HAZ.COAL.ACCEPT' else 'HAZ.REVIEW' end, day, c.region_code);
begin
    c.facts := c.facts || jsonb_build_object('review_by_rule', term.code,
        'review_by', anze.day_of(anze.term_end(e.at, term.value, term.unit) - interval '1 second'));
    return c;
end
$$;

-- When it may end ------------------------------------------------------------------------------------------------------

-- As it is, without holding it: guards are asked while one reads, too.
create or replace function anze.hazard_in_case(c anze.case_file) returns anze.hazard stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    named constant uuid := c.facts ->> 'hazard_id';
begin
    return (select x from anze.hazard x where x.id = named and x.found_at = anze.id_moment(named));
end
$$;

-- Completed is what was judged and ordered: who answers for it, measures, money, the day, and the emergency plan (五落实).
create or replace function anze.case_guard_hazard_governed(c anze.case_file) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_in_case(c);
begin
    return anze.refusal_where(h.id is not null and (h.severity is null or h.responsible is null or h.measures is null
            or h.due_on is null or h.severity = 'major' and (h.budget_cny is null or h.emergency_plan is null)),
        '该隐患尚未判定，或尚未明确责任、措施、资金、时限和预案。',
        'It was not judged yet, or it is not fixed who answers for it, by what measures, money, day and emergency plan.');
end
$$;

-- The stop of a major hazard ends with its acceptance.
create or replace function anze.case_guard_hazard_general(c anze.case_file) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_in_case(c);
begin
    return anze.refusal_where(h.severity is distinct from 'general',
        '未判定为一般隐患的，经现场审查合格后方可恢复。', 'It was not judged general: the stop ends when its review is passed.');
end
$$;

-- What is listed ends with its listing, and at the level that lists it.
create or replace function anze.case_guard_hazard_not_listed(c anze.case_file) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.refusal_where(exists (
            select from anze.case_file l join anze.case_kind k on (k.code, k.version) = (l.kind, l.kind_version)
            where l.parent_id = c.id and l.kind = 'listed_supervision' and l.is_open and l.state <> k.initial_state),
        '该隐患正在挂牌督办，随挂牌督办销号。', 'It is listed: it is closed with its listing.');
end
$$;

-- Truly gone: the finding that it came from is done too.
create or replace function anze.case_effect_hazard_settled(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    h constant anze.hazard := anze.hazard_of_case(c);
begin
    update anze.follow_up f
    set done_on = greatest(anze.day_of(e.at), anze.day_of(h.found_at)), result = e.content ->> 'opinion',
        version = f.version + 1, updated_at = clock_timestamp()
    where f.record_id = h.record_id and f.number = h.finding_number and f.state = 'open';
    return c;
end
$$;
