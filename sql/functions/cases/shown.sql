-- Cases as they are shown: one answer holds the case, its timeline, its clocks and what this caller may do now. These
-- run with the owner's rights over a case that the caller sees: whoever handles it may know who else does.

set local check_function_bodies = off; -- functions of this folder may name later ones
-- What lists and reading have in common.
create or replace function anze.case_head(c anze.case_file) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object('id', c.id, 'version', c.version, 'kind', c.kind,
            'kind_title_zh', k.title_zh, 'kind_title_en', k.title_en, 'rules_version', c.kind_version,
            'state', c.state, 'state_title_zh', s.title_zh, 'state_title_en', s.title_en,
            'state_since', anze.instant(c.state_since), 'is_open', c.is_open, 'is_public', c.is_public,
            'level', (select l.code from anze.level l where l.rank = c.level), 'title', c.title,
            'unit', jsonb_build_object('id', c.unit_id, 'name', (select u.name from anze.unit u where u.id = c.unit_id)),
            'supervisor', case when c.supervisor_id is not null then jsonb_build_object('id', c.supervisor_id,
                'name', (select u.name from anze.unit u where u.id = c.supervisor_id)) end,
            'parent_id', c.parent_id, 'region_code', c.region_code, 'sector', c.sector,
            'due_at', case when isfinite(c.due_at) then anze.instant(c.due_at) end,
            'overdue', c.due_at < statement_timestamp(), 'opened_at', anze.instant(c.opened_at),
            'updated_at', anze.instant(c.updated_at)))
        from anze.case_kind k
        join anze.case_state s on (s.kind, s.version, s.code) = (c.kind, c.kind_version, c.state)
        where (k.code, k.version) = (c.kind, c.kind_version));
end
$$;

-- Another record names a case by this: of a row that the caller has.
create or replace function anze.case_reference_of(c anze.case_file) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    wanted constant text[] := '{id,version,kind,kind_title_zh,kind_title_en,state,state_title_zh,state_title_en,
        is_open,level,title,due_at,overdue}';
begin
    return (select jsonb_object_agg(h.key, h.value) from jsonb_each(anze.case_head(c)) h where h.key = any (wanted));
end
$$;

-- The same by its id, for functions that asked whether the caller sees it.
create or replace function anze.case_reference(case_id uuid) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.case_reference_of(c) from anze.case_file c where c.id = case_reference.case_id);
end
$$;

-- What an event was called: as the rules of the case have it, else the latest that had it. Three are of every kind.
create or replace function anze.case_event_title(c anze.case_file, action text) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select jsonb_build_object('title_zh', a.title_zh, 'title_en', a.title_en) from anze.case_action a
        where a.kind = c.kind and a.version = c.kind_version and a.code = action), (
        select jsonb_build_object('title_zh', a.title_zh, 'title_en', a.title_en) from anze.case_action a
        where a.kind = c.kind and (a.code = action or action = any (a.formerly))
        order by a.version = c.kind_version desc, a.version desc limit 1),
        case action when 'opened' then '{"title_zh": "立案", "title_en": "Opened"}'::jsonb
            when 'rules_moved' then '{"title_zh": "变更适用规则版本", "title_en": "Moved to other rules"}'
            when 'accident_corrected' then
                '{"title_zh": "事故发生时间更正", "title_en": "The time of the accident was corrected"}' end);
end
$$;

-- Names are looked up one by one (subselects): a join would read and hash their whole tables for a handful of rows.
-- How a case began is told to whom it is about without who told it, and by which way (anze.is_told_on).
create or replace function anze.case_event_told_on(e anze.case_event) returns anze.case_event immutable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if e.number = 1 then
        e.actor := 'authority';
        e.on_behalf_of := null;
        e.unit_id := null;
        if e.content ->> 'source' in ('tip', 'other_department') then
            e.evidence := '[]';
        end if;
        e.content := e.content - '{source,person_id}'::text[];
    end if;
    return e;
end
$$;

create or replace function anze.case_timeline(c anze.case_file) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    is_told_on constant boolean := not c.is_own and anze.is_told_on(c.unit_id);
begin
    return (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('number', e.number, 'action', e.action,
                'from_state', e.from_state, 'to_state', e.to_state, 'at', anze.instant(e.at), 'actor', e.actor,
                'on_behalf_of', e.on_behalf_of, 'level', (select l.code from anze.level l where l.rank = e.level),
                'unit', case when e.unit_id is not null then jsonb_build_object('id', e.unit_id,
                    'name', (select u.name from anze.unit u where u.id = e.unit_id)) end,
                'person', anze.person_reference(case when e.content ->> 'person_id' ~ '^[0-9a-f-]{36}$'
                                                     then (e.content ->> 'person_id')::uuid end)))
            || anze.case_event_title(c, e.action)
            || jsonb_build_object('fields', e.content, 'evidence', e.evidence) order by e.number)
        from anze.case_event x
        cross join lateral (select t.* from anze.case_event_told_on(x) t where is_told_on
                            union all select x.* where not is_told_on) e
        where x.case_id = c.id);
end
$$;

create or replace function anze.deadline_state(d anze.deadline) returns text stable parallel safe language sql
return case
    when (d).superseded_at > (d).due_at and (d).because is distinct from 'fact_corrected' then 'superseded_late'
    when (d).superseded_at is not null then 'superseded'
    when (d).met_at > (d).due_at then 'met_late'
    when (d).met_at is not null then 'met'
    when (d).due_at <= statement_timestamp() then 'overdue'
    else 'running' end;

-- By how much a clock ended late, whether it was met or another took its place; NULL: in time, or not ended. What is
-- overdue says so by its state and due_at alone: a figure that grows would make every read another answer. What counted by a
-- wrong fact, rule or calendar was never late.
create or replace function anze.deadline_late_seconds(d anze.deadline) returns bigint immutable parallel safe language sql
return case when coalesce((d).superseded_at, (d).met_at) > (d).due_at and (d).because is distinct from 'fact_corrected'
    then floor(extract(epoch from coalesce((d).superseded_at, (d).met_at) - (d).due_at))::bigint end;

create or replace function anze.deadline_json(d anze.deadline) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('id', d.id, 'clock', d.clock, 'title_zh', d.title_zh,
        'title_en', d.title_en, 'state', anze.deadline_state(d), 'starts_at', anze.instant(d.starts_at),
        'due_at', anze.instant(d.due_at), 'met_at', anze.instant(d.met_at),
        'superseded_at', anze.instant(d.superseded_at), 'late_by_seconds', anze.deadline_late_seconds(d),
        'owed_by', jsonb_build_object('id', d.owed_by, 'name', (select u.name from anze.unit u where u.id = d.owed_by)),
        'basis', (select anze.rule_basis(r, (select i.title from anze.instrument i where i.code = r.instrument),
                      anze.day_of(d.starts_at))
                  from anze.rule r where r.code = d.rule and r.version = d.rule_version))) || anze.deadline_calendar(d);
end
$$;

-- What the caller may do now, and what it needs for that.
create or replace function anze.case_actions_json(c anze.case_file) returns jsonb
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    standing constant text[] := anze.case_standing(c);
begin
    return (
        select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('action', a.code, 'title_zh', a.title_zh,
                'title_en', a.title_en, 'to_state', a.to_state))
            || jsonb_build_object('operation_id', 'takeCaseAction', 'fields', anze.case_fields(a.fields, asked.posts),
                'evidence', a.evidence, 'posts', case when asked.posts = '{}' then '[]' else (
                    select coalesce(jsonb_agg(jsonb_build_object('code', p.code, 'title_zh', p.title_zh,
                        'title_en', p.title_en) order by p.code), '[]')
                    from anze.post p where p.code = any (asked.posts)) end) order by a.place, a.code), '[]')
        from anze.case_actions_now(c, standing) a
        cross join lateral (select anze.case_posts_asked(a.takers, standing) as posts offset 0) asked);
end
$$;

create or replace function anze.case_json(c anze.case_file) returns jsonb stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.case_head(c) || jsonb_build_object('facts', c.facts, 'timeline', anze.case_timeline(c),
        'clocks', (select coalesce(jsonb_agg(anze.deadline_json(d) order by d.starts_at, d.due_at, d.id), '[]')
                   from anze.deadline d where d.subject_id = c.id),
        'actions', anze.case_actions_json(c));
end
$$;
