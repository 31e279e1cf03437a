-- What steps of a listed case do beside moving it: anze.case_effect_listing_<name>(case, event); what these find wrong with
-- what a step says: anze.case_check_<name>(case, event); and what keeps a step from happening now, whatever it says:
-- anze.case_guard_<name>(case).

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.case_check_listing_dated(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.day_ahead_faults(e.content, '{published_on,filed_on,visited_on,talked_on,completed_on,reviewed_on,'
                                            'removal_published_on}');
end
$$;

create or replace function anze.case_effect_listing_dated(c anze.case_file, e anze.case_event) returns anze.case_file
immutable language sql
return c;

-- The last day that a listing may set: a year after the notice, by the rule of that day.
create or replace function anze.listing_last_day(listed_on date, of_region text) returns date stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.day_of(anze.term_end(listed_on::timestamp at time zone 'Asia/Shanghai', r.value, r.unit)
                       - interval '1 microsecond')
    from anze.rule_on('LIST.HAZ.MAXTERM', listed_on, of_region) r
$$;

create or replace function anze.too_long_faults(listed_on date, of_region text, due_on date) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    last_day constant date := anze.listing_last_day(listed_on, of_region);
begin
    return anze.field_fault_where(due_on > last_day, 'due_on', 'too-long', format('整改期限最迟为 %s。', last_day),
        format('The last day is %s at the latest.', last_day));
end
$$;

create or replace function anze.no_body_faults(unit uuid, field text) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.field_fault_where(not exists (
            select from anze.unit u
            where u.id = unit and u.is_body and (u.closed_on is null or u.closed_on > anze.today())),
        field, 'not-a-body', '应为党政机关、监管部门等机构。', 'It is a body of party, state or supervision.')
$$;

create or replace function anze.case_check_listing_noticed(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.no_body_faults((e.content ->> 'supervisor_id')::uuid, 'supervisor_id')
        || anze.too_long_faults(anze.day_of(e.at), c.region_code, (e.content ->> 'due_on')::date)
$$;

create or replace function anze.case_effect_listing_noticed(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.supervisor_id := e.content ->> 'supervisor_id';
    c.facts := c.facts || jsonb_build_object('listed_on', anze.day_of(e.at));
    return c;
end
$$;

-- Not everything may be told to the public: then the public list does not have it in any state.
create or replace function anze.case_effect_listing_withheld(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || '{"is_withheld": true}';
    c.is_public := false;
    return c;
end
$$;

create or replace function anze.case_guard_listing_withheld(c anze.case_file) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.refusal_where(not coalesce((c.facts ->> 'is_withheld')::boolean, false),
        '该案件已公示，摘牌应在同一媒体公示。', 'It was published, and so is its removal.')
$$;

-- More time -----------------------------------------------------------------------------------------------------------

-- Asked for once, and so many working days ahead.
create or replace function anze.case_guard_listing_extensible(c anze.case_file) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    day constant date := anze.today();
    ahead constant anze.rule := anze.rule_on('LIST.HAZ.EXTENSION.AHEAD', day, c.region_code);
    unit constant anze.rule_unit := (select u from anze.rule_unit u where u.code = ahead.unit);
    length constant text := trim_scale(ahead.value);
begin
    return coalesce(
        anze.refusal_where(coalesce((c.facts ->> 'extensions')::integer, 0)
                >= anze.rule_value('LIST.HAZ.EXTENSION.TIMES', day, c.region_code),
            '整改期限已延长过，不能再次延期。', 'It was extended already, which may be once.'),
        anze.refusal_where(anze.term_day(day, ahead.value, ahead.unit) > (c.facts ->> 'due_on')::date,
            format('延期应在期限届满 %s 个%s前申请。', length, unit.title_zh),
            format('More time is asked for %s %s ahead.', length, unit.title_en)));
end
$$;

create or replace function anze.case_check_listing_extension_asked(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.field_fault_where((e.content ->> 'asked_until')::date <= (c.facts ->> 'due_on')::date, 'asked_until',
        'not-later', '申请延至的日期应晚于现期限。', 'Later than the day that is set.')
$$;

create or replace function anze.case_effect_listing_extension_asked(c anze.case_file, e anze.case_event)
returns anze.case_file immutable language sql
return c;

create or replace function anze.case_check_listing_extended(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    former constant timestamptz := (select d.due_at from anze.deadline d
                                    where d.subject_id = c.id and d.clock = 'rectify' and d.is_running);
    due_on constant date := e.content ->> 'due_on';
begin
    return anze.field_fault_where(anze.end_of_day(due_on) <= former, 'due_on', 'not-later', '延期后的期限应晚于现期限。',
            'Later than the day that was set.')
        || anze.too_long_faults((c.facts ->> 'listed_on')::date, c.region_code, due_on);
end
$$;

create or replace function anze.case_effect_listing_extended(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('extensions', coalesce((c.facts ->> 'extensions')::integer, 0) + 1);
    return c;
end
$$;

-- While it is suspended nobody is late; what was left of the time is left when it goes on.
create or replace function anze.case_effect_listing_suspended(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.deadline d set superseded_at = e.at
    where d.subject_id = c.id and d.clock in ('rectify', 'progress') and d.is_running;
    c.facts := c.facts || jsonb_build_object('suspended_on', anze.day_of(e.at));
    return c;
end
$$;

create or replace function anze.case_effect_listing_resumed(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    paused constant integer := anze.day_of(e.at) - (c.facts ->> 'suspended_on')::date;
begin
    c.facts := c.facts - 'suspended_on' || jsonb_build_object('due_on', (c.facts ->> 'due_on')::date + paused,
        'suspended_days', coalesce((c.facts ->> 'suspended_days')::integer, 0) + paused);
    return c;
end
$$;

-- Late, stopped, taken over -----------------------------------------------------------------------------------------------

create or replace function anze.listing_is_late(c anze.case_file, at timestamptz) returns boolean stable language sql
set search_path = pg_catalog, pg_temp as $$
    select exists (select from anze.deadline d
                   where d.subject_id = c.id and d.clock = 'rectify' and d.is_running and d.due_at <= at)
$$;

create or replace function anze.case_guard_listing_late(c anze.case_file) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.refusal_where(not anze.listing_is_late(c, clock_timestamp()), '整改期限尚未届满。',
        'The day that was set has not passed.')
$$;

-- Who stays late is not given one new day after the other: it is taken over, stopped or closed down. Whoever takes it over
-- sets days of its own.
create or replace function anze.case_guard_listing_not_late_before(c anze.case_file) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken_over constant timestamptz := c.facts -> 'upgrades' -> -1 ->> 'at';
    times constant integer := (
        select count(*) from jsonb_array_elements(c.facts -> 'late') l(one)
        where taken_over is null or (l.one ->> 'noted_at')::timestamptz > taken_over);
begin
    return anze.refusal_where(times >= anze.rule_value('LIST.HAZ.LATE.TIMES', anze.today(), c.region_code),
        format('已重新明确过 %s 次期限，仍逾期的应提级、停产停工或提请关闭。', times),
        format('A new day was set %s times: now it is taken over, stopped or closed down.', times));
end
$$;

create or replace function anze.case_check_listing_late(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.too_long_faults((c.facts ->> 'listed_on')::date, c.region_code, (e.content ->> 'due_on')::date);
end
$$;

create or replace function anze.case_effect_listing_late(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    former timestamptz := (select d.due_at from anze.deadline d
                           where d.subject_id = c.id and d.clock = 'rectify' and d.is_running);
begin
    c.facts := c.facts || jsonb_build_object('late_count', coalesce((c.facts ->> 'late_count')::integer, 0) + 1,
        'late', coalesce(c.facts -> 'late', '[]') || jsonb_build_array(jsonb_build_object(
            'due_on', anze.day_of(former - interval '1 microsecond'), 'noted_at', anze.instant(e.at))));
    return c;
end
$$;

create or replace function anze.listing_is_stopped(c anze.case_file) returns boolean immutable language sql
return coalesce(((c).facts ->> 'is_stopped')::boolean, false);

create or replace function anze.case_guard_listing_not_stopped(c anze.case_file) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.refusal_where(anze.listing_is_stopped(c), '已责令停产停工。', 'Work is stopped already.')
$$;

create or replace function anze.case_guard_listing_stopped(c anze.case_file) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.refusal_where(not anze.listing_is_stopped(c), '未责令停产停工。', 'Work is not stopped.')
$$;

create or replace function anze.case_effect_listing_stopped(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('is_stopped', true, 'stopped_on', anze.day_of(e.at));
    return c;
end
$$;

create or replace function anze.case_effect_listing_stop_lifted(c anze.case_file, e anze.case_event)
returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('is_stopped', false, 'stop_lifted_on', anze.day_of(e.at));
    return c;
end
$$;

-- To the level of who takes it over, by a body of that level. Lateness is what the clock says, not an opinion.
create or replace function anze.case_check_listing_upgraded(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.field_fault_where(e.content ->> 'upgrade_reason' = 'late'
            and not coalesce((c.facts ->> 'late_count')::integer, 0) > 0 and not anze.listing_is_late(c, e.at),
            'upgrade_reason', 'not-late', '整改未逾期。', 'It is not late.')
        || anze.no_body_faults((e.content ->> 'supervisor_id')::uuid, 'supervisor_id')
$$;

-- For the level that has it now it is filed and published anew, within the same terms: once its notice is out, filing where a
-- level is above, publication where it is public.
create or replace function anze.listing_told_anew(c anze.case_file, at timestamptz) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_object_agg(f.fact, f.value), '{}')
    from (values
        ('refile_by', 'LIST.HAZ.FILE', c.facts ? 'listed_on' and c.level < (select max(l.rank) from anze.level l)),
        ('republish_by', 'LIST.HAZ.PUBLISH', c.is_public)) n(day, rule, is_owed)
    cross join lateral anze.rule_on(n.rule, anze.day_of(at), c.region_code) r
    cross join lateral (values
        (n.day, anze.term_day(anze.day_of(at), r.value, r.unit)::text), (n.day || '_rule', n.rule)) f(fact, value)
    where n.is_owed
$$;

create or replace function anze.case_effect_listing_upgraded(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('upgrades', coalesce(c.facts -> 'upgrades', '[]') || jsonb_build_array(
        jsonb_strip_nulls(jsonb_build_object('at', anze.instant(e.at), 'reason', e.content ->> 'upgrade_reason',
            'from_level', anze.level_code(c.level), 'to_level', anze.level_code(e.level),
            'from_supervisor_id', c.supervisor_id, 'to_supervisor_id', e.content ->> 'supervisor_id'))));
    c.level := e.level;
    c.supervisor_id := e.content ->> 'supervisor_id';
    c.facts := c.facts - '{refile_by,refile_by_rule,republish_by,republish_by_rule}'::text[]
        || anze.listing_told_anew(c, e.at);
    return c;
end
$$;

create or replace function anze.case_guard_listing_republished(c anze.case_file) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.refusal_where(not c.facts ? 'republish_by', '公示后未提级，无需重新公示。',
        'It was not taken over since it was published.')
$$;

create or replace function anze.case_effect_listing_review_failed(c anze.case_file, e anze.case_event)
returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('failed_reviews', coalesce((c.facts ->> 'failed_reviews')::integer, 0) + 1);
    return c;
end
$$;

-- Whoever was stopped works again only if that was decided.
create or replace function anze.case_check_listing_struck_off(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.field_fault_where(
        anze.listing_is_stopped(c) and not coalesce((e.content ->> 'resumption_approved')::boolean, false),
        'resumption_approved', 'required', '该单位已被责令停产停工，摘牌时应决定是否同意恢复。',
        'Work is stopped: striking it off decides that it may be resumed.')
$$;

create or replace function anze.case_effect_listing_struck_off(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if anze.listing_is_stopped(c) then
        c.facts := c.facts || jsonb_build_object('is_stopped', false, 'stop_lifted_on', anze.day_of(e.at));
    end if;
    return c;
end
$$;

-- The hazard that was listed ends with its listing, whoever handles it.
create or replace function anze.case_effect_listing_ended(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    listed constant anze.case_file := (
        select h from anze.case_file h where h.id = c.parent_id and h.kind = 'hazard' and h.is_open);
    title constant jsonb := anze.case_event_title(c, e.action);
begin
    if exists (select from anze.case_action a
               where (a.kind, a.version, a.code) = (listed.kind, listed.kind_version, 'close_listed')
                   and listed.state = any (a.from_states))
    then
        perform anze.case_act(listed.id, 'close_listed', jsonb_build_object('opinion', format('%s：%s',
            c.title, coalesce(e.content ->> 'opinion', e.content ->> 'reason', title ->> 'title_zh'))), '[]', true);
    end if;
    return c;
end
$$;

-- Closed down, by the grounds of article 113 alone --------------------------------------------------------------------------

-- Whether it was stopped to put itself in order: in this case, or in that of its hazard.
create or replace function anze.listing_was_stopped(c anze.case_file) returns boolean stable language sql
set search_path = pg_catalog, pg_temp as $$
    select c.facts ? 'stopped_on' or exists (
        select from anze.case_event e where e.case_id = c.parent_id and e.to_state = 'suspended')
$$;

-- So many penalties within so long: three in 180 days, or four in a year, by the rules of the last one's day.
create or replace function anze.penalties_reach(penalties integer, since date, until date, of_region text,
    count_rule text, term_rule text) returns boolean stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(penalties >= n.value
        and until < anze.term_day(since, t.value, t.unit), false)
    from anze.rule_on(count_rule, until, of_region) n, anze.rule_on(term_rule, until, of_region) t
$$;

create or replace function anze.closure_penalty_faults(c anze.case_file, content jsonb) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    n constant integer := content ->> 'penalties';
    since constant date := content ->> 'penalized_from';
    until constant date := content ->> 'penalized_until';
    lacking constant jsonb := (
        select coalesce(jsonb_agg(anze.fault('/fields/' || f.name, 'required', '以多次处罚为由的，应写明次数和起止日期。',
            'This ground names how many penalties there were, and from when until when.') order by f.place), '[]')
        from unnest('{penalties,penalized_from,penalized_until}'::text[]) with ordinality f(name, place)
        where not content ? f.name);
begin
    if lacking <> '[]' then
        return lacking;
    end if;
    return anze.day_ahead_faults(content, '{penalized_from,penalized_until}')
        || anze.field_fault_where(until < since, 'penalized_until', 'before-first', '末次处罚不能早于首次处罚。',
            'The last penalty is not before the first.')
        || anze.field_fault_where(
            not anze.penalties_reach(n, since, until, c.region_code, 'CLOSE.PENALTIES.SHORT', 'CLOSE.PENALTIES.SHORT.DAYS')
            and not anze.penalties_reach(n, since, until, c.region_code, 'CLOSE.PENALTIES.YEAR', 'CLOSE.PENALTIES.YEAR.LONG'),
            'penalties', 'too-few', '未达到180日内三次或者一年内四次。',
            'Neither three penalties in 180 days nor four in a year.');
end
$$;

-- The accident is one of the unit that the caller sees, major or worse.
create or replace function anze.closure_accident_faults(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    unknown constant jsonb := case when e.content ? 'accident_id' then anze.case_check_accident_linked(c, e)
        else anze.field_fault_where(true, 'accident_id', 'required', '请指明所发生的事故。', 'Name the accident.') end;
begin
    if unknown <> '[]' then
        return unknown;
    end if;
    return anze.field_fault_where(
        (select a.grade < g.rank from anze.accident a, anze.accident_grade g
         where a.id = (e.content ->> 'accident_id')::uuid and g.code = 'major'),
        'accident_id', 'below-major', '该事故不是重大或者特别重大事故。', 'The accident is neither major nor extraordinary.');
end
$$;

create or replace function anze.case_check_listing_closure(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.no_body_faults((e.content ->> 'to_government_id')::uuid, 'to_government_id')
        || case e.content ->> 'ground'
            when 'repeated_penalties' then anze.closure_penalty_faults(c, e.content)
            when 'unfit_after_accident' then anze.closure_accident_faults(c, e)
            else anze.field_fault_where(not anze.listing_was_stopped(c), 'ground', 'not-stopped',
                '未责令停产停业整顿的，不能以此为由提请关闭。', 'It was never stopped: this is no ground.') end
$$;

create or replace function anze.case_effect_listing_closure(c anze.case_file, e anze.case_event) returns anze.case_file
immutable language sql
return c;

-- Grassroots ask upward -----------------------------------------------------------------------------------------------------

-- One level up from where it lies, to a body there.
create or replace function anze.escalation_receiver(e anze.case_event) returns anze.unit stable language sql
set search_path = pg_catalog, pg_temp as $$
    select u from anze.unit u where u.id = (e.content ->> 'supervisor_id')::uuid and u.is_body
$$;

create or replace function anze.case_check_escalation_passed(c anze.case_file, e anze.case_event) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.field_fault_where(not coalesce(anze.body_level(anze.escalation_receiver(e)) > c.level, false),
        'supervisor_id', 'not-above', '应上报给上级的机构。', 'It is passed to a body of a level above.')
$$;

create or replace function anze.case_effect_escalation_passed(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    receiver constant anze.unit := anze.escalation_receiver(e);
begin
    c.facts := c.facts || jsonb_build_object('passed', coalesce(c.facts -> 'passed', '[]') || jsonb_build_array(
        jsonb_build_object('at', anze.instant(e.at), 'from_id', c.supervisor_id, 'to_id', receiver.id)));
    c.level := anze.body_level(receiver);
    c.supervisor_id := receiver.id;
    return c;
end
$$;

-- A hazard treated as an accident -------------------------------------------------------------------------------------------

-- 四不放过: each of the four is verified for itself, with evidence of its own.
create or replace function anze.case_check_four_satisfied(c anze.case_file, e anze.case_event) returns jsonb
immutable language sql
set search_path = pg_catalog, pg_temp as $$
    select case when e.evidence = '[]' then jsonb_build_array(anze.fault('/evidence', 'evidence-needed',
        '四不放过事项应有佐证材料。', 'Each of the four comes with evidence.')) else '[]' end
$$;

create or replace function anze.case_effect_four_satisfied(c anze.case_file, e anze.case_event) returns anze.case_file
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    c.facts := c.facts || jsonb_build_object('four_checks', coalesce(c.facts -> 'four_checks', '{}')
        || jsonb_build_object(e.content ->> 'item', true));
    return c;
end
$$;

-- What there is to choose from in a field of an action, by the kind of the case: here which checks there are.
create or replace function anze.case_choices(c anze.case_file, action text, field text) returns setof text
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select x.choice ->> 'code'
    from anze.case_action a
    cross join lateral jsonb_array_elements(a.fields) f(one)
    cross join lateral jsonb_array_elements(f.one -> 'choices') with ordinality x(choice, place)
    where (a.kind, a.version, a.code) = (c.kind, c.kind_version, action) and f.one ->> 'name' = field
    order by x.place
$$;

create or replace function anze.case_guard_four_satisfied(c anze.case_file) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    lacking constant text[] := array(
        select i from anze.case_choices(c, 'satisfy', 'item') i
        where not coalesce(c.facts -> 'four_checks' ? i, false));
begin
    return anze.refusal_where(lacking <> '{}', format('四不放过尚有 %s 项未核实。', cardinality(lacking)),
        format('Of the four checks these are not verified: %s.', array_to_string(lacking, ', ')));
end
$$;

-- The accident is one that the caller sees, of the same unit.
create or replace function anze.case_check_accident_linked(c anze.case_file, e anze.case_event) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    is_known boolean := e.content ->> 'accident_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
begin
    if is_known then
        is_known := exists (
            select from anze.accident a where a.id = (e.content ->> 'accident_id')::uuid and a.unit_id = c.unit_id);
    end if;
    return anze.field_fault_where(not is_known, 'accident_id', 'unknown-reference', '没有该单位的这一事故。',
        'There is no such accident of the unit.');
end
$$;

create or replace function anze.case_effect_accident_linked(c anze.case_file, e anze.case_event) returns anze.case_file
immutable language sql
return c;
