-- What is wrong with the document of a kind, all of it at once, each by its JSON Pointer. That a document has the right
-- shape was checked before, by its schema.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- What a document names, where, and as what.
create or replace function anze.case_document_names(d jsonb) returns table (pointer text, sort text, name text)
immutable language sql
set search_path = pg_catalog, pg_temp as $$
    with part(list, place, one) as (
        select l.list, i.place - 1, i.one from (values ('states'), ('actions'), ('clocks')) l(list)
        cross join lateral jsonb_array_elements(d -> l.list) with ordinality i(one, place)),
    many(list, member, sort) as (values
        ('actions', 'from_states', 'state'), ('actions', 'starts', 'clock'), ('actions', 'stops', 'clock'),
        ('actions', 'other_than', 'action'), ('actions', 'evidence', 'evidence'),
        ('actions', 'extends', 'clock'), ('actions', 'guards', 'guard'), ('actions', 'effects', 'effect'),
        ('clocks', 'states', 'state'), ('clocks', 'pauses_in', 'state')),
    single(list, path, sort) as (values
        ('actions', '{to_state}', 'state'), ('actions', '{scope}', 'scope'), ('actions', '{basis,instrument}', 'instrument'),
        ('clocks', '{rule}', 'rule'), ('clocks', '{due_field}', 'day'), ('clocks', '{counts_from}', 'moment'),
        ('clocks', '{watched_by}', 'body'), ('clocks', '{extension,by}', 'rule'), ('clocks', '{extension,times}', 'rule'))
    select '/initial_state', 'state', d ->> 'initial_state'
    union all
    select '/basis/instrument', 'instrument', d #>> '{basis,instrument}'
    union all
    select format('/%s/%s/%s/%s', p.list, p.place, m.member, e.place - 1), m.sort, regexp_replace(e.name, '^unit:', '')
    from part p join many m on m.list = p.list
    cross join lateral jsonb_array_elements_text(p.one -> m.member) with ordinality e(name, place)
    union all
    select format('/actions/%s/takers/%s/posts/%s', p.place, t.place - 1, e.place - 1), 'post', e.name
    from part p
    cross join lateral jsonb_array_elements(p.one -> 'takers') with ordinality t(taker, place)
    cross join lateral jsonb_array_elements_text(t.taker -> 'posts') with ordinality e(name, place)
    where p.list = 'actions'
    union all
    select format('/%s/%s/%s', p.list, p.place, array_to_string(s.path::text[], '/')), s.sort, p.one #>> s.path::text[]
    from part p join single s on s.list = p.list
    where p.one #>> s.path::text[] is not null
$$;

-- Whether the document has a kept field of one of these types: a fact that a clock may read.
create or replace function anze.case_document_keeps(d jsonb, field text, types text[]) returns boolean
immutable language sql
set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from jsonb_path_query(d, '$.actions[*].fields[*] ? (@.keep == true && @.name == $field)',
            jsonb_build_object('field', field)) f(one)
        where f.one ->> 'type' = any (types))
$$;

-- Whether an action keeps a day by this name, or an effect of one does.
create or replace function anze.case_document_has_day(d jsonb, name text) returns boolean stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.case_document_keeps(d, name, '{date,instant}') or exists (
        select from anze.case_hook h
        where h.sort = 'effect' and name = any (h.sets)
            and jsonb_path_exists(d, '$.actions[*].effects[*] ? (@ == $code)', jsonb_build_object('code', h.code)))
$$;

-- A guard or an effect is there when its row and its functions are.
create or replace function anze.case_hook_function(sort text, code text) returns regprocedure stable language sql
set search_path = pg_catalog, pg_temp as $$
    select to_regprocedure(format('anze.%I(anze.case_file%s)', concat('case_', sort, '_', code),
        case when sort <> 'guard' then ', anze.case_event' end))
$$;

create or replace function anze.case_document_knows(d jsonb, sort text, name text) returns boolean
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    this constant jsonb := jsonb_build_array(jsonb_build_object('code', name));
begin
    return case sort
        when 'state' then d -> 'states' @> this
        when 'clock' then d -> 'clocks' @> this
        when 'action' then name = 'opened' or d -> 'actions' @> this
        when 'day' then anze.case_document_has_day(d, name)
        when 'moment' then name in ('event', 'accident') or exists (
            select from unnest(anze.case_moment_facts(name)) f(fact) where anze.case_document_has_day(d, f.fact))
        when 'body' then name not like 'field:%' or anze.case_document_keeps(d, substr(name, 7), '{unit}')
        when 'rule' then exists (select from anze.rule r where r.code = name)
        when 'scope' then exists (select from anze.scope s where s.code = name)
        when 'post' then exists (select from anze.post p where p.code = name)
        when 'evidence' then exists (select from anze.evidence_kind k where k.code = name)
        when 'instrument' then exists (select from anze.instrument i where i.code = name)
        else exists (select from anze.case_hook h where (h.sort, h.code) = (case_document_knows.sort, name))
    end;
end
$$;

create or replace function anze.case_name_faults(d jsonb) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(anze.fault(n.pointer, f.rule, f.zh, f.en) order by n.pointer), '[]')
    from anze.case_document_names(d) n
    join (values
        ('state', '没有该状态。', 'There is no such state.'), ('clock', '没有该时限。', 'There is no such clock.'),
        ('action', '没有该动作。', 'There is no such action.'), ('rule', '没有该规则。', 'There is no such rule.'),
        ('scope', '没有该权限。', 'There is no such scope.'), ('post', '没有该职务。', 'There is no such post.'),
        ('evidence', '没有该佐证材料种类。', 'There is no such kind of evidence.'),
        ('instrument', '没有该法规标准。', 'There is no such instrument.'),
        ('day', '没有动作留存该日期。', 'No action keeps such a day.'),
        ('moment', '没有动作留存起算的时间。', 'No action keeps the moment from which it counts.'),
        ('body', '没有动作留存该单位。', 'No action keeps such a body.'),
        ('guard', '没有登记该前提。', 'No such guard is registered.'),
        ('effect', '没有登记该效果。', 'No such effect is registered.')
    ) s(sort, zh, en) on s.sort = n.sort
    cross join lateral (
        select 'unknown-reference' as rule, s.zh, s.en where not anze.case_document_knows(d, n.sort, n.name)
        union all
        select 'no-function', '已登记，但没有相应的函数。', 'It is registered, and has no function.'
        from anze.case_hook h
        where (h.sort, h.code) = (n.sort, n.name) and (anze.case_hook_function(h.sort, h.code) is null
            or h.checks and anze.case_hook_function('check', h.code) is null)) f
$$;

-- Each code once in its list, each field once in its action.
create or replace function anze.case_duplicate_faults(d jsonb) returns jsonb immutable language sql
set search_path = pg_catalog, pg_temp as $$
    with named(pointer, place, owner, name) as (
        select format('/%s/%s/code', l.list, i.place - 1), i.place, l.list, i.one ->> 'code'
        from (values ('states'), ('actions'), ('clocks')) l(list)
        cross join lateral jsonb_array_elements(d -> l.list) with ordinality i(one, place)
        union all
        select format('/actions/%s/fields/%s/name', a.place - 1, f.place - 1), f.place, 'fields of ' || a.place,
            f.one ->> 'name'
        from jsonb_array_elements(d -> 'actions') with ordinality a(one, place)
        cross join lateral jsonb_array_elements(a.one -> 'fields') with ordinality f(one, place))
    select coalesce(jsonb_agg(anze.fault(n.pointer, 'duplicate', '重复。', 'It is there already.') order by n.pointer), '[]')
    from named n
    where exists (select from named e where e.owner = n.owner and e.name = n.name and e.place < n.place)
$$;

-- From which state an action leads to which other.
create or replace function anze.case_document_ways(d jsonb) returns table (leaves text, reaches text)
immutable language sql
set search_path = pg_catalog, pg_temp as $$
    select f.state, case when (a.one ->> 'goes_back')::boolean then null else a.one ->> 'to_state' end
    from jsonb_array_elements(d -> 'actions') a(one)
    cross join lateral jsonb_array_elements_text(a.one -> 'from_states') f(state)
    where (a.one ->> 'goes_back')::boolean or a.one ->> 'to_state' <> f.state
$$;

-- Every state is reached from the first one, and one that is not final is left again; some state is final.
create or replace function anze.case_state_faults(d jsonb) returns jsonb immutable language sql
set search_path = pg_catalog, pg_temp as $$
    with recursive reached(code) as (
        select d ->> 'initial_state'
        union
        select w.reaches from reached r join anze.case_document_ways(d) w on w.leaves = r.code where w.reaches is not null)
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en) order by f.pointer), '[]')
    from (
        select '/states/' || s.place - 1 as pointer, w.*
        from jsonb_array_elements(d -> 'states') with ordinality s(one, place)
        cross join lateral (values
            (s.one ->> 'code' not in (select r.code from reached r), 'never-reached', '没有动作到达该状态。',
                'Nothing reaches this state.'),
            (not coalesce((s.one ->> 'is_final')::boolean, false) and s.one ->> 'code' not in (
                select l.leaves from anze.case_document_ways(d) l), 'never-left', '该状态不是终结状态，但没有动作离开。',
                'It is not final, and nothing leads out of it.')
        ) w(holds, rule, zh, en)
        union all
        select '/states', not d -> 'states' @> '[{"is_final": true}]', 'no-end', '没有终结状态。', 'No state is final.'
    ) f
    where f.holds
$$;

-- Every clock begins and ends: by states, of which some is open, or by actions. What it lasts is a rule or a field.
create or replace function anze.case_clock_faults(d jsonb) returns jsonb immutable language sql
set search_path = pg_catalog, pg_temp as $$
    with named as (
        select k.place - 1 as place, k.one,
            d -> 'actions' @> jsonb_build_array(jsonb_build_object('starts', jsonb_build_array(k.one -> 'code'))) as is_started,
            d -> 'actions' @> jsonb_build_array(jsonb_build_object('stops', jsonb_build_array(k.one -> 'code'))) as is_stopped,
            d -> 'actions' @> jsonb_build_array(jsonb_build_object('extends', jsonb_build_array(k.one -> 'code'))) as is_extended,
            coalesce(k.one -> 'states', '[]') <> '[]' as has_states,
            exists (select from jsonb_array_elements_text(k.one -> 'states') s(code)
                    where not d -> 'states' @> jsonb_build_array(jsonb_build_object('code', s.code, 'is_final', true)))
                as runs_open
        from jsonb_array_elements(d -> 'clocks') with ordinality k(one, place))
    select coalesce(jsonb_agg(anze.fault('/clocks/' || n.place, w.rule, w.zh, w.en) order by n.place, w.rule), '[]')
    from named n
    cross join lateral (values
        (not n.runs_open and not n.is_started, 'never-started', '没有状态或动作启动该时限。', 'Nothing starts this clock.'),
        (not n.has_states and not n.is_stopped, 'never-stopped', '没有状态或动作终止该时限。', 'Nothing stops this clock.'),
        (n.one ? 'rule' = n.one ? 'due_field', 'length', '时限应由规则或字段之一确定。', 'It has a rule or a field, not both.'),
        (n.one ? 'extension' and not n.is_extended, 'never-extended', '没有动作延长该时限。', 'Nothing extends this clock.'),
        (n.is_extended and not n.one ? 'extension', 'no-extension', '该时限未规定如何延长。',
            'An action extends it, and it does not say by how much and how often.'),
        (n.one ->> 'direction' = 'backward' and (n.one ? 'due_field' or coalesce(n.one ->> 'counts_from', 'event') = 'event'),
            'backward', '倒计时限应由规则确定，并指明所对的日期。', 'A term that counts back has a rule and a moment.'),
        (coalesce(n.one -> 'states', '[]') <> '[]' and exists (
            select from jsonb_array_elements(n.one -> 'pauses_in') p(code) where n.one -> 'states' @> p.code),
            'runs-and-pauses', '同一状态不能既计时又暂停。', 'It runs and pauses in the same state.')
    ) w(holds, rule, zh, en)
    where w.holds
$$;

-- What an action cannot do without: the fields that its effects read, the choices of a choice, one way.
create or replace function anze.case_action_faults(d jsonb) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    with action as (
        select a.place - 1 as place, a.one from jsonb_array_elements(d -> 'actions') with ordinality a(one, place))
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en) order by f.pointer), '[]')
    from (
        select format('/actions/%s/effects/%s', a.place, e.place - 1) as pointer, 'field-needed' as rule,
            '该效果所需的字段不在动作中：' || array_to_string(lacking.fields, '、') as zh,
            'The action lacks fields that this effect reads: ' || array_to_string(lacking.fields, ', ') as en
        from action a
        cross join lateral jsonb_array_elements_text(a.one -> 'effects') with ordinality e(code, place)
        join anze.case_hook h on (h.sort, h.code) = ('effect', e.code)
        cross join lateral (select array(
            select n.field from unnest(h.asks) n(field)
            where not coalesce(a.one -> 'fields', '[]') @> jsonb_build_array(jsonb_build_object('name', n.field)))) lacking(fields)
        where lacking.fields <> '{}'
        union all
        select format('/actions/%s/extends/%s', a.place, x.place - 1), 'field-needed', '延长该时限应给出新的日期。',
            'To extend this clock the action names the new day.'
        from action a
        cross join lateral jsonb_array_elements_text(a.one -> 'extends') with ordinality x(code, place)
        join jsonb_array_elements(d -> 'clocks') k(one) on k.one ->> 'code' = x.code
        where k.one ? 'due_field' and not coalesce(a.one -> 'fields', '[]') @> jsonb_build_array(
            jsonb_build_object('name', k.one -> 'due_field', 'required', true, 'keep', true))
        union all
        select format('/actions/%s/fields/%s/choices', a.place, f.place - 1), 'required', '选择项应列出可选范围。',
            'A choice has choices.'
        from action a cross join lateral jsonb_array_elements(a.one -> 'fields') with ordinality f(one, place)
        where f.one ->> 'type' = 'choice' and coalesce(f.one -> 'choices', '[]') = '[]'
        union all
        select format('/actions/%s/to_state', a.place), 'two-ways', '返回原状态的动作不能另设去向。',
            'An action that goes back names no other state.'
        from action a where (a.one ->> 'goes_back')::boolean and a.one ? 'to_state') f
$$;

create or replace function anze.case_document_faults(d jsonb) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.case_name_faults(d) || anze.case_duplicate_faults(d) || anze.case_state_faults(d)
        || anze.case_clock_faults(d) || anze.case_action_faults(d)
$$;
