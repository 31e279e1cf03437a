-- Taking an action on a case: what it needs (fields, posts, evidence), what it does, and moving a case to newer rules.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Fields ----------------------------------------------------------------------------------------------------------------

-- Whether a text is a value of a type; PostgreSQL itself judges days and instants.
create or replace function anze.reads_as(value text, type regtype) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    ignored text;
begin
    execute format('select $1::%s::text', type) into ignored using value;
    return true;
exception
    when data_exception then
        return false;
end
$$;

create or replace function anze.is_named_unit(value text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not anze.reads_as(value, 'uuid') then
        return false;
    end if;
    return exists (
        select from anze.unit u
        where u.id = value::uuid and anze.can_see_unit(u.region_code, u.sector, u.id, u.is_body));
end
$$;

-- A person is known through the file or through a post, as the directory of people has it.
create or replace function anze.is_named_person(value text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not anze.reads_as(value, 'uuid') then
        return false;
    end if;
    return exists (
            select from anze.person p
            where p.id = value::uuid and anze.can_see_unit(p.region_code, p.sector, p.unit_id, p.is_body))
        or exists (
            select from anze.appointment a
            where a.person_id = value::uuid and anze.can_see_unit(a.region_code, a.sector, a.unit_id, a.is_body));
end
$$;

create or replace function anze.is_named_choice(field jsonb, value text) returns boolean
immutable parallel safe language sql
return field -> 'choices' ? value
    or exists (select from jsonb_array_elements(field -> 'choices') c(one)
               where jsonb_typeof(c.one) = 'object' and c.one ->> 'code' = value);

-- A value against the type of its field.
create or replace function anze.case_field_fits(field jsonb, value jsonb) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    plain constant text := value #>> '{}';
    is_text constant boolean := jsonb_typeof(value) = 'string';
begin
    return coalesce(case field ->> 'type'
        when 'text' then is_text and length(btrim(plain, E' \t\n')) between 1 and 4000
        when 'line' then is_text and length(btrim(plain)) between 1 and 200 and plain !~ '[\n\r\t]'
        when 'date' then is_text and plain ~ '^(19|2[01])\d\d-\d\d-\d\d$' and anze.reads_as(plain, 'date')
        when 'instant' then is_text
            and plain ~ '^(19|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$'
            and anze.reads_as(plain, 'timestamptz')
        when 'integer' then jsonb_typeof(value) = 'number' and plain ~ '^-?\d{1,15}$'
            and plain::bigint between coalesce((field ->> 'minimum')::bigint, plain::bigint)
                and coalesce((field ->> 'maximum')::bigint, plain::bigint)
        when 'money' then is_text and plain ~ '^(0|[1-9]\d{0,13})(\.\d{1,2})?$'
        when 'boolean' then jsonb_typeof(value) = 'boolean'
        when 'unit' then is_text and anze.is_named_unit(plain)
        when 'person' then is_text and anze.is_named_person(plain)
        when 'choice' then is_text and anze.is_named_choice(field, plain)
    end, false);
end
$$;

-- The sentence for a value that does not fit, and its code.
create or replace function anze.case_field_fault(field jsonb) returns jsonb immutable parallel safe language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.fault('/fields/' || (field ->> 'name'), t.code, (field ->> 'title_zh') || '：' || t.zh,
        (field ->> 'title_en') || ': ' || t.en)
    from (values
        ('text', 'type', '应为 1 至 4000 个字的文字。', 'a text of 1 to 4000 characters.'),
        ('line', 'type', '应为 1 至 200 个字的一行文字。', 'one line of 1 to 200 characters.'),
        ('date', 'format', '应为日期，如 2026-03-31。', 'a day such as 2026-03-31.'),
        ('instant', 'format', '应为带时区的时间，如 2026-03-31T08:00:00+08:00。',
            'an instant with its offset, such as 2026-03-31T08:00:00+08:00.'),
        ('integer', 'type', '应为整数' || coalesce('，不小于 ' || (field ->> 'minimum'), '')
                || coalesce('，不大于 ' || (field ->> 'maximum'), '') || '。',
            'an integer' || coalesce(', at least ' || (field ->> 'minimum'), '')
                || coalesce(', at most ' || (field ->> 'maximum'), '') || '.'),
        ('money', 'format', '应为以文字表示的金额（元），最多两位小数。', 'yuan as text, with at most two decimals.'),
        ('boolean', 'type', '应为 true 或 false。', 'true or false.'),
        ('unit', 'unknown-reference', '没有该单位。', 'there is no such unit.'),
        ('person', 'unknown-reference', '没有该人员。', 'there is no such person.'),
        ('choice', 'enum', '不在可选范围内。', 'not one of the choices.')
    ) t(type, code, zh, en)
    where t.type = field ->> 'type'
$$;

-- The fields of an action. Where a holder of a post must decide, the field person_id names that person in any case.
create or replace function anze.case_decider_field() returns jsonb immutable parallel safe language sql
return jsonb '{"name": "person_id", "type": "person", "required": true, "title_zh": "决定人", "title_en": "Who decided"}';

create or replace function anze.case_fields(fields jsonb, posts text[]) returns jsonb immutable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return fields || case when posts = '{}' or jsonb_path_exists(fields, '$[*] ? (@.name == "person_id")')
        then '[]' else jsonb_build_array(anze.case_decider_field()) end;
end
$$;

create or replace function anze.case_field_faults(fields jsonb, given jsonb) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(f.fault order by f.place, f.fault ->> 'pointer'), '[]') from (
        select d.place, case when given ? (d.field ->> 'name') then anze.case_field_fault(d.field)
            else anze.fault('/fields/' || (d.field ->> 'name'), 'required', '必须提供：' || (d.field ->> 'title_zh'),
                'Required: ' || (d.field ->> 'title_en')) end as fault
        from jsonb_array_elements(fields) with ordinality d(field, place)
        where case when given ? (d.field ->> 'name')
                   then not anze.case_field_fits(d.field, given -> (d.field ->> 'name'))
                   else coalesce((d.field ->> 'required')::boolean, false) end
        union all
        select 1000000, anze.fault('/fields/' || g.name, 'unknown-field', '该动作没有这一项。',
            'This action has no such field.')
        from jsonb_object_keys(given) g(name)
        where not jsonb_path_exists(fields, '$[*] ? (@.name == $name)', jsonb_build_object('name', g.name))) f
$$;

-- Posts and evidence ------------------------------------------------------------------------------------------------------

-- Who decided holds one of the posts today, in the unit of the caller (or a body that the caller acts for), and is not
-- who decided before where another one must.
create or replace function anze.case_post_faults(c anze.case_file, a anze.case_action, posts text[], given jsonb)
returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    person uuid;
begin
    if posts = '{}' or not given ? 'person_id' or not anze.reads_as(given ->> 'person_id', 'uuid') then
        return '[]';
    end if;
    person := given ->> 'person_id';
    if not exists (select from anze.appointment p
                   where p.person_id = person and p.post = any (posts) and p.held @> anze.today()
                       and anze.acts_for(p.unit_id)) then
        return jsonb_build_array(anze.fault('/fields/person_id', 'post-needed',
            '决定人今日在本单位未担任：' || (
                select string_agg(k.title_zh, '、' order by k.code) from anze.post k where k.code = any (posts)),
            'Who decided holds none of these posts in the unit today: ' || (
                select string_agg(k.title_en, ', ' order by k.code) from anze.post k where k.code = any (posts))));
    elsif exists (
        select from unnest(a.other_than) o(entry)
        cross join lateral (
            select e.content from anze.case_event e
            where e.case_id = c.id and e.action = regexp_replace(o.entry, '^unit:', '')
            order by e.number desc limit 1) e
        where e.content ->> 'person_id' = person::text)
    then
        return jsonb_build_array(anze.fault('/fields/person_id', 'same-person', '决定人应与此前的决定人不同。',
            'Somebody else must decide than who decided before.'));
    end if;
    return '[]';
end
$$;

create or replace function anze.case_evidence_faults(a anze.case_action, evidence jsonb) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.evidence_faults(evidence) || coalesce((
        select jsonb_agg(anze.fault('/evidence', 'evidence-needed', format('缺少佐证材料：%s。', k.kind),
            format('Evidence of the kind %s is missing.', k.kind)) order by k.place)
        from unnest(a.evidence) with ordinality k(kind, place)
        where not exists (select from jsonb_array_elements(evidence) e where e ->> 'kind' = k.kind)), '[]')
$$;

-- Acting --------------------------------------------------------------------------------------------------------------------

create or replace function anze.case_action_codes_now(c anze.case_file) returns text[] stable language sql
set search_path = pg_catalog, pg_temp as $$
    select array(select n.code from anze.case_actions_now(c, anze.case_standing(c)) n order by n.place, n.code)
$$;

-- The action's row under the rules of the case, if the state has it.
create or replace function anze.case_action_row(c anze.case_file, action text) returns anze.case_action
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    a anze.case_action;
begin
    select * into a from anze.case_action x
    where (x.kind, x.version, x.code) = (c.kind, c.kind_version, case_action_row.action);
    if a.code is null then
        perform anze.refuse('AZ422', '该类案件没有这一动作。', 'Cases of this kind have no such action.', '/action',
            'unknown-reference');
    end if;
    if not c.state = any (a.from_states) then
        perform anze.refuse_state('案件的当前状态不允许这一动作。', 'The state of the case does not allow this action.',
            anze.case_action_codes_now(c));
    end if;
    return a;
end
$$;

-- What becomes facts of the case: fields with keep.
create or replace function anze.case_kept(a anze.case_action, given jsonb) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_object_agg(f ->> 'name', given -> (f ->> 'name')), '{}')
    from jsonb_array_elements(a.fields) f
    where (f ->> 'keep')::boolean and given ? (f ->> 'name') and anze.case_field_fits(f, given -> (f ->> 'name'))
$$;

create or replace function anze.field_fault_where(holds boolean, name text, rule text, zh text, en text) returns jsonb
immutable parallel safe language sql
return case when holds then jsonb_build_array(anze.fault('/fields/' || name, rule, zh, en)) else '[]' end;

-- What was done is told afterwards: none of the days named so lies ahead.
create or replace function anze.day_ahead_faults(content jsonb, names text[]) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select jsonb_agg(anze.fault('/fields/' || d.name, 'in-future', '日期不能晚于今天。', 'Not in the future.') order by d.name)
        from jsonb_each_text(content) d(name, value)
        where d.name = any (names) and d.value::date > anze.today()), '[]');
end
$$;

-- What effects would find wrong with what an action says: anze.case_check_<name>(case, event), of those that have one.
-- The event is the one that would be: nothing is written yet.
create or replace function anze.case_check_faults(c anze.case_file, a anze.case_action, given jsonb, evidence jsonb)
returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    e anze.case_event;
    name text;
    found_faults jsonb;
    faults jsonb := '[]';
begin
    e.case_id := c.id;
    e.action := a.code;
    e.at := clock_timestamp();
    e.level := coalesce(anze.caller_level(), c.level);
    e.content := given;
    e.evidence := evidence;
    for name in
        select h.code from unnest(a.effects) with ordinality n(code, place)
        join anze.case_hook h on (h.sort, h.code) = ('effect', n.code) and h.checks
        order by n.place
    loop
        execute format('select anze.%I($1, $2)', 'case_check_' || name) into found_faults using c, e;
        faults := faults || found_faults;
    end loop;
    return faults;
end
$$;

-- Everything that an action needs beside who takes it; all faults at once. Time and effects decide nothing in person.
-- Effects look at what is said only where every field is what it should be.
create or replace function anze.refuse_case_content(c anze.case_file, a anze.case_action, given jsonb, evidence jsonb,
    standing text[]) returns void stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    posts constant text[] := anze.case_posts_asked(a.takers, standing);
    of_fields constant jsonb := anze.case_field_faults(anze.case_fields(a.fields, posts), given);
begin
    perform anze.refuse_all(of_fields
        || anze.case_post_faults(c, a, posts, given)
        || anze.case_due_faults(c.kind, c.kind_version, anze.case_kept(a, given), '/fields/', clock_timestamp())
        || anze.case_evidence_faults(a, evidence)
        || case when of_fields = '[]' then anze.case_extension_faults(c, a, given)
               || anze.case_check_faults(c, a, given, evidence) else '[]' end);
end
$$;

-- The functions that run with an action, each anze.case_effect_<name>(case, event). They may change what the case is
-- about (level, supervisor, title, facts) and act on other cases; their own case moves by the action alone.
create or replace function anze.run_case_effects(c anze.case_file, e anze.case_event, effects text[])
returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    effect text;
begin
    foreach effect in array effects loop
        execute format('select * from anze.%I($1, $2)', 'case_effect_' || effect) into c using c, e;
    end loop;
    return c;
end
$$;

-- Where an action leads. One that goes back leads to the state from which the case came into its present one.
create or replace function anze.case_action_leads_to(c anze.case_file, a anze.case_action) returns text
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(case when a.goes_back then (
            select e.from_state from anze.case_event e
            where e.case_id = c.id and e.to_state = c.state and e.from_state <> c.state
            order by e.number desc limit 1)
        else a.to_state end, c.state);
end
$$;

create or replace function anze.take_case_step(c anze.case_file, a anze.case_action, given jsonb, evidence jsonb)
returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    at constant timestamptz := clock_timestamp();
    former constant text := c.state;
    facts_before constant jsonb := c.facts;
    kept constant jsonb := anze.case_kept(a, given);
    taken record;
    changed text[];
begin
    c := anze.case_enter(c, anze.case_action_leads_to(c, a), at);
    c.facts := anze.case_facts_dated(c.facts || kept, facts_before);
    taken := anze.add_case_event(c, a.code, former, given, evidence, at);
    c := taken.c;
    if a.effects <> '{}' then
        c := anze.run_case_effects(anze.store_case(c), taken.e, a.effects);
    end if;
    changed := array(select f.name from jsonb_each(c.facts) f(name, value)
                     where kept ? f.name or f.value is distinct from facts_before -> f.name);
    c := anze.run_case_clocks(c, former, a, changed, at);
    return anze.store_case(c);
end
$$;

-- An action on a case that is locked and seen.
create or replace function anze.act_on_case(c anze.case_file, action text, given jsonb, evidence jsonb,
    as_system boolean) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    a constant anze.case_action := anze.case_action_row(c, action);
    fields constant jsonb := coalesce(jsonb_strip_nulls(given), '{}');
    papers constant jsonb := coalesce(evidence, '[]');
    standing constant text[] := case when as_system then '{system}' else anze.case_standing(c) end;
    barrier constant text := case when not as_system then anze.case_barrier(c, standing, a)
        when not a.takers ? 'system' or not anze.case_may_extend(c, standing, a) then 'taker' end;
    refusal jsonb;
begin
    if barrier is not null then
        perform anze.refuse_case_action(barrier, a);
    end if;
    refusal := anze.case_refusal(c, a);
    if refusal is not null then
        perform anze.refuse_state(refusal ->> 'zh', refusal ->> 'en', anze.case_action_codes_now(c));
    end if;
    perform anze.refuse_case_content(c, a, fields, papers, standing);
    return anze.take_case_step(c, a, fields, papers);
end
$$;

-- Within the database: by the caller itself, or (as_system) by effects and time, which the action's takers must name.
create or replace function anze.case_act(case_id uuid, action text, given jsonb, evidence jsonb,
    as_system boolean default false) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.act_on_case(anze.lock_case(case_id, as_system), action, given, evidence, as_system);
end
$$;

-- The answer of a write.
create or replace function anze.case_answer(c anze.case_file, out status text, out body text, out etag text,
    out location text) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    shown constant jsonb := anze.case_json(c);
begin
    status := '200';
    body := shown::text;
    etag := anze.etag(c.version, shown::text);
    location := '/v1/cases/' || c.id;
end
$$;

create or replace function anze.take_case_action(case_id uuid, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    c anze.case_file := anze.lock_case(case_id);
begin
    perform anze.require_version(c.version, if_match);
    c := anze.act_on_case(c, request ->> 'action', request -> 'fields', request -> 'evidence', false);
    return query select * from anze.case_answer(c);
end
$$;

-- To newer rules --------------------------------------------------------------------------------------------------------------

-- Clocks that the new version does not have are superseded; those that its state has and the old one had not, begin.
create or replace function anze.move_case_clocks(c anze.case_file, former_version integer, at timestamptz)
returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    moving anze.case_action; -- no step, but the clocks begin and end as by one
begin
    moving.starts := array(
        select k.code from anze.case_clock k
        where (k.kind, k.version) = (c.kind, c.kind_version) and c.state = any (k.states)
            and not exists (select from anze.case_clock f
                            where (f.kind, f.version, f.code) = (c.kind, former_version, k.code)));
    moving.overtakes := array(
        select d.clock from anze.deadline d
        where d.subject_id = c.id and d.is_running
            and not exists (select from anze.case_clock k
                            where (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock)));
    moving.stops := '{}';
    moving.extends := '{}';
    return anze.run_case_clocks(c, c.state, moving, '{}', at);
end
$$;

-- By a recorded decision of who supervises the case, its office or a level above: it goes on under the version that is
-- in force, in the same state, which that version must have.
create or replace function anze.move_case_rules(case_id uuid, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    at constant timestamptz := clock_timestamp();
    c anze.case_file := anze.lock_case(case_id);
    former constant integer := c.kind_version;
    latest constant integer := (
        select k.version from anze.case_kind k where k.code = c.kind and k.in_force @> anze.today());
    moved record;
begin
    perform anze.require_version(c.version, if_match);
    if not anze.case_standing(c) && '{supervisor,office,upper}' then
        perform anze.refuse('AZ403', '只有督办单位、本级安委会办公室或上级可以变更案件适用的规则版本。',
            'The supervising body, the office of its level or a level above moves a case to other rules.');
    end if;
    if latest is null or latest = former then
        perform anze.refuse_state('案件已适用施行中的规则版本。', 'The case is under the rules in force already.');
    elsif not exists (select from anze.case_state s where (s.kind, s.version, s.code) = (c.kind, latest, c.state)) then
        perform anze.refuse_state('施行中的规则版本没有案件的当前状态。',
            'The rules in force do not have the state of this case.');
    end if;
    perform anze.refuse_all(anze.evidence_faults(coalesce(request -> 'evidence', '[]')));
    c.kind_version := latest;
    c := anze.case_enter(c, c.state, at);
    c.facts := anze.case_facts_dated(c.facts, c.facts);
    select * into moved from anze.add_case_event(c, 'rules_moved', c.state,
        jsonb_build_object('from_version', former, 'to_version', latest, 'reason', request ->> 'reason'),
        request -> 'evidence', at);
    c := anze.store_case(anze.move_case_clocks(moved.c, former, at));
    return query select * from anze.case_answer(c);
end
$$;
