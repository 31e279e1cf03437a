-- Cases: who may take which action now, and how a case is opened and written. What an action needs is checked in
-- cases/act.sql; the rules of each kind are rows.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The caller ----------------------------------------------------------------------------------------------------------
-- Whether the caller acts for a unit: its token names the unit, or names none and reaches just the region that this
-- body is the body of (and its sectors, where the token is bound to some).
create or replace function anze.acts_for(unit_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(anze.unit() = unit_id or anze.reach() = 'region' and anze.unit() is null and exists (
        select from anze.unit u
        where u.id = acts_for.unit_id and u.is_body and anze.region_prefix(u.region_code) = anze.region()
            and (anze.sectors() is null or u.supervised_sectors && anze.sectors())), false);
end
$$;

-- As the policy of case_file says it.
create or replace function anze.case_is_seen(c anze.case_file) returns boolean
stable parallel safe language sql
return anze.can_see_case((c).region_code, (c).sector, (c).unit_id, (c).supervisor_id, (c).withheld_from_unit);

-- Who sees a case sees its papers.
create or replace function anze.case_shows_files(case_id uuid) returns boolean stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.case_is_seen(c) from anze.case_file c where c.id = case_id);
end
$$;

-- Who may take which action -------------------------------------------------------------------------------------------

-- The powers that the caller's body has by law. A caller that names no unit stands for the bodies of its region: it has what
-- any of them has, and where none is registered nobody is kept from acting for want of a row.
create or replace function anze.caller_powers() returns text[]
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    kinds constant text[] := case when anze.unit() is not null then array(select u.kind from anze.unit u where u.id = anze.unit())
        else array(
            select u.kind from anze.unit u
            where u.is_body and u.region_code = any (anze.region_chain(anze.region())) and anze.acts_for(u.id)) end;
begin
    return array(select distinct p.power from anze.body_power p
                 where p.unit_kind = any (kinds) or kinds = '{}' and anze.unit() is null);
end
$$;

-- As which takers the caller stands to the case, which it sees: what this case and this caller have to do with each other, for
-- all actions at once; and the powers that it has by law, each as `power:<code>`. The service itself stands as {system}.
create or replace function anze.case_standing(c anze.case_file) returns text[] stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    level constant smallint := anze.caller_level();
    is_subject constant boolean := anze.acts_for(c.unit_id);
begin
    return array_remove(array['anyone',
        case when is_subject then 'unit' end,
        case when is_subject and c.is_own then 'own' end,
        case when anze.acts_for(c.supervisor_id) or level > 0 and level = c.level and not is_subject then 'supervisor' end,
        case when level = c.level and exists (
                 select from anze.unit u where u.id = anze.unit() and u.kind in ('safety_office', 'safety_committee'))
             then 'office' end,
        case when level > c.level then 'upper' end], null)
        || array(select 'power:' || p.power from unnest(case when level > 0 then anze.caller_powers() end) p(power));
end
$$;

-- One taker of an action against the caller. Posts are of persons, whom no token names: what is said with the action names who
-- decided (anze.case_posts_asked).
create or replace function anze.case_taker_allows(taker jsonb, standing text[]) returns boolean
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if jsonb_typeof(taker) = 'string' then
        return taker #>> '{}' = any (standing);
    end if;
    return taker ->> 'who' = any (standing)
        and (not taker ? 'power' or concat('power:', taker ->> 'power') = any (standing))
        and (not taker ? 'level' or coalesce(anze.caller_level(), -1) >= (
            select l.rank from anze.level l where l.code = taker ->> 'level'));
end
$$;

-- Whether one of the takers is the caller. Those that are a name alone are looked at first, all at once.
create or replace function anze.case_takers_allow(takers jsonb, standing text[]) returns boolean
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if takers ?| standing then
        return true;
    elsif not takers @? '$[*] ? (@.type() == "object")' then
        return false;
    end if;
    return exists (select from jsonb_array_elements(takers) t(taker) where anze.case_taker_allows(t.taker, standing));
end
$$;

-- The posts of which who decides holds one, as the takers of an action ask of this caller; none where one of them that
-- allows it asks for none.
create or replace function anze.case_posts_asked(takers jsonb, standing text[]) returns text[]
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not takers @? '$[*].posts' then
        return '{}';
    elsif exists (select from jsonb_array_elements(takers) t(taker)
                  where not t.taker ? 'posts' and anze.case_taker_allows(t.taker, standing)) then
        return '{}';
    end if;
    return array(
        select distinct p.code
        from jsonb_array_elements(takers) t(taker)
        cross join lateral jsonb_array_elements_text(t.taker -> 'posts') p(code)
        where anze.case_taker_allows(t.taker, standing)
        order by p.code);
end
$$;

-- The same hand: who took one of these actions last, in person or through another. "unit:<action>" asks for another
-- unit besides; a plain name for another person alone.
create or replace function anze.case_hand_is_same(c anze.case_file, other_than text[]) returns boolean
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    hands constant text[] := array[coalesce(anze.actor(), 'login:' || session_user),
        nullif(anze.on_behalf_of(), anze.unit()::text)];
begin
    return exists (
        select from unnest(other_than) o(entry)
        cross join lateral (
            select e.* from anze.case_event e
            where e.case_id = c.id and e.action = regexp_replace(o.entry, '^unit:', '')
            order by e.number desc limit 1) e
        where array[e.actor, nullif(e.on_behalf_of, e.unit_id::text)] && hands
            or o.entry like 'unit:%' and e.unit_id = anze.unit());
end
$$;

-- What keeps this caller from an action that the state allows: taker, minimum_level, scope, other_than; NULL: nothing.
create or replace function anze.case_barrier(c anze.case_file, standing text[], a anze.case_action) returns text
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return case
        when not anze.case_takers_allow(a.takers, standing) then 'taker'
        when a.extends <> '{}' and not anze.case_may_extend(c, standing, a) then 'taker'
        when coalesce(anze.caller_level(), -1) < a.minimum_level then 'minimum_level'
        when not coalesce(a.scope = any (anze.scopes()), false) then 'scope'
        when a.other_than <> '{}' and anze.case_hand_is_same(c, a.other_than) then 'other_than'
    end;
end
$$;

create or replace function anze.refuse_case_action(barrier text, a anze.case_action) returns void language plpgsql as $$
declare
    sentence record;
begin
    select * into sentence from (values
        ('taker', '该案件的这一动作不由您执行。', 'This action is not yours to take on this case.'),
        ('minimum_level', '这一动作应由更高层级执行。', 'This action is taken at a higher level.'),
        ('scope', format('需要权限 %s。', a.scope), format('The scope %s is needed.', a.scope)),
        ('other_than', '这一动作应由此前经办以外的人员（单位）执行。',
            'Somebody else than who acted before must take this action.')
    ) s(barrier, zh, en) where s.barrier = refuse_case_action.barrier;
    perform anze.refuse('AZ403', sentence.zh, sentence.en);
end
$$;

-- Why an action may not happen now, whoever takes it and whatever it says: the sentence of the first guard that refuses
-- ({"zh", "en"}), or of a clock that it cannot extend; NULL: nothing keeps it. Guards are functions
-- anze.case_guard_<name>(case).
create or replace function anze.case_refusal(c anze.case_file, a anze.case_action) returns jsonb
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    guard text;
    refusal jsonb;
begin
    foreach guard in array a.guards loop
        execute format('select anze.%I($1)', 'case_guard_' || guard) into refusal using c;
        exit when refusal is not null;
    end loop;
    return coalesce(refusal, case when a.extends <> '{}' then anze.case_extension_refusal(c, a) end);
end
$$;

-- The sentence of a guard, where it refuses.
create or replace function anze.refusal_where(refuses boolean, zh text, en text) returns jsonb
immutable parallel safe language plpgsql as $$
begin
    return case when refuses then jsonb_build_object('zh', zh, 'en', en) end;
end
$$;

-- The actions that this caller may take now. What is refused for its content (posts, fields, evidence) is among them.
create or replace function anze.case_actions_now(c anze.case_file, standing text[]) returns setof anze.case_action
stable rows 5 security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select a.* from anze.case_action a
    where (a.kind, a.version) = (c.kind, c.kind_version) and c.state = any (a.from_states)
        and anze.case_barrier(c, standing, a) is null and anze.case_refusal(c, a) is null
    order by a.place, a.code;
end
$$;

-- Writing -------------------------------------------------------------------------------------------------------------

-- The case comes into a state.
create or replace function anze.case_enter(c anze.case_file, to_state text, at timestamptz) returns anze.case_file
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    s anze.case_state;
begin
    select * into strict s from anze.case_state x
    where (x.kind, x.version, x.code) = (c.kind, c.kind_version, to_state);
    if c.state is distinct from s.code then
        c.state := s.code;
        c.state_since := at;
    end if;
    c.is_open := not s.is_final;
    c.withheld_from_unit := 'subject' = any (s.withheld_from);
    c.is_public := s.is_public and not coalesce((c.facts ->> 'is_withheld')::boolean, false); -- where its content may be
    return c;
end
$$;

-- The one place that updates a case.
create or replace function anze.store_case(c anze.case_file) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.case_file x
    set kind_version = c.kind_version, state = c.state, state_since = c.state_since, is_open = c.is_open,
        is_public = c.is_public, withheld_from_unit = c.withheld_from_unit, level = c.level, supervisor_id = c.supervisor_id, title = c.title, facts = c.facts,
        due_at = c.due_at, event_count = c.event_count, version = c.version, updated_at = c.updated_at
    where x.id = c.id
    returning * into c;
    return c;
end
$$;

-- The next event of the timeline; it counts as a change of the case.
create or replace function anze.add_case_event(inout c anze.case_file, action text, former_state text, content jsonb,
    evidence jsonb, at timestamptz, out e anze.case_event) language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.event_count := c.event_count + 1;
    c.version := c.version + 1;
    c.updated_at := greatest(at, c.updated_at + interval '1 microsecond');
    insert into anze.case_event (case_id, number, action, from_state, to_state, at, level, content, evidence)
    values (c.id, c.event_count, action, former_state, c.state, at, coalesce(anze.caller_level(), c.level),
        coalesce(content, '{}'), coalesce(evidence, '[]'))
    returning * into e;
    if e.evidence <> '[]' then
        perform anze.use_files(e.evidence, 'case', c.id,
            offices_only => e.action = 'opened' and coalesce(e.content ->> 'source' in ('tip', 'other_department'), false));
    end if;
end
$$;

-- Faults of facts that name the day of a clock: it is to come.
create or replace function anze.case_due_faults(of_kind text, of_version integer, facts jsonb, pointer text,
    at timestamptz) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(jsonb_agg(distinct anze.fault(pointer || k.due_field, 'not-in-future', '期限应晚于现在。',
            'The day by which it is due is to come.')), '[]')
        from anze.case_clock k
        where (k.kind, k.version) = (of_kind, of_version) and facts ? k.due_field
            and (anze.case_clock_end(k, facts, null, at)).due_at <= at);
end
$$;

-- Opens a case under the version of its kind that is in force today, with its first event and the clocks of its first
-- state. Whoever calls has checked that the caller may, and the evidence; `facts` name days to come. Clocks first, so
-- that the row of the case is written once, as it stands after its first event.
create or replace function anze.open_case(kind text, unit_id uuid, supervisor_id uuid, level smallint, title text,
    facts jsonb, parent_id uuid, content jsonb, evidence jsonb) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    at constant timestamptz := clock_timestamp();
    k anze.case_kind;
    u anze.unit;
    c anze.case_file;
begin
    select * into k from anze.case_kind x where x.code = open_case.kind and x.in_force @> anze.today();
    if k.code is null then
        raise no_data_found using message = format('no version of the kind of case %s is in force', open_case.kind);
    end if;
    select * into u from anze.unit x where x.id = open_case.unit_id;
    if u.id is null then
        perform anze.refuse('AZ422', '没有该单位。', 'There is no such unit.', '/unit_id', 'unknown-reference');
    end if;
    perform anze.refuse_all(anze.case_due_faults(k.code, k.version, open_case.facts, '/', at));
    c.id := anze.new_id(u.region_code, at);
    c.kind := k.code;
    c.kind_version := k.version;
    c.level := open_case.level;
    c.unit_id := u.id;
    c.supervisor_id := open_case.supervisor_id;
    c.parent_id := open_case.parent_id;
    c.title := open_case.title;
    c.facts := anze.case_facts_dated(coalesce(jsonb_strip_nulls(open_case.facts), '{}'), '{}');
    c.opened_at := at;
    c.region_code := u.region_code;
    c.sector := u.sector;
    c.is_own := coalesce(anze.caller_level() = 0, false) or anze.acts_for(u.id);
    c := anze.begin_case_clocks(anze.case_enter(c, k.initial_state, at), at);
    insert into anze.case_file (id, kind, kind_version, state, state_since, is_open, is_public, withheld_from_unit, level,
        unit_id, supervisor_id, parent_id, title, facts, due_at, event_count, version, opened_at, updated_at, region_code,
        sector, is_own)
    values (c.id, c.kind, c.kind_version, c.state, c.state_since, c.is_open, c.is_public, c.withheld_from_unit, c.level,
        c.unit_id, c.supervisor_id, c.parent_id, c.title, c.facts, c.due_at, 1, 1, at, at, c.region_code, c.sector,
        c.is_own);
    c.event_count := 0;
    c.version := 0;
    perform anze.add_case_event(c, 'opened', null, content, evidence, at);
    return (select x from anze.case_file x where x.id = c.id);
end
$$;

-- The case, locked until the end of the transaction, if the caller sees it.
create or replace function anze.lock_case(case_id uuid, as_system boolean default false) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    c anze.case_file;
begin
    select * into c from anze.case_file x where x.id = lock_case.case_id for no key update;
    if c.id is null or not as_system and not anze.case_is_seen(c) then
        perform anze.refuse('AZ404', '没有该案件。', 'There is no such case.');
    end if;
    return c;
end
$$;
