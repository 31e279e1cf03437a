-- The catalogue of duties: shipping it, showing it, revising it.

-- One version of a duty as the program ships it, the first unless it says otherwise. What an administrator revised stays as
-- it is, whole.
--
--   within => 'quarter'     owed each quarter, and done when it happens in the quarter
--   delivered => 'year'     owed for each year, and done when it is there by the due day
--   planned => 'year'       a plan of each year, done when it is there by the due day after the year begins
--   ahead_days => 31        it may come in the last 31 days before its due days are counted from: of the year that is
--                           reported, or before the one that is planned
--   on_event => 'x'         owed after each event x, within `days` (NULL: promptly, without a day)
--   kept_in => 'hazards'    which later capability keeps the row
--   assumed => 'count'      the text has no number: the one here is a default of the house
create or replace function anze.ship_duty(
    clause text, nature text, title_zh text, title_en text, actor_zh text, code text default null,
    unit_kinds text[] default '{}', levels text[] default null, sectors text[] default null,
    high_risk_only boolean default false, site_kinds text[] default null, supervision_role text default null,
    post text default null, is_personal boolean default false, record_kinds text[] default '{}',
    within text default null, delivered text default null, on_event text default null, times integer default 1,
    due_days integer default 0, days integer default null, grace_days integer default 0, evidence text[] default '{}',
    publicity boolean default false, structural_rules text[] default '{}', kept_in text default null,
    instrument text default 'OPINION-ORDOS-2022', article text default null, confidence text default 'found-local',
    since date default '2022-01-01', assumed text default null, planned text default null, ahead_days integer default 0,
    version integer default 1, until date default null)
returns text language sql
as $$
    insert into anze.duty as kept (code, version, in_force, clause, nature, title_zh, title_en, actor_zh, unit_kinds,
        levels, sectors, high_risk_only, site_kinds, supervision_role, post, is_personal, record_kinds, counting, period,
        minimum_count, due_days, ahead_days, event, within_days, grace_days, evidence, publicity, structural_rules,
        elsewhere_zh, elsewhere_en, instrument, article, confidence, origin, reason)
    select coalesce(ship_duty.code, 'C' || ship_duty.clause), ship_duty.version, daterange(since, until), ship_duty.clause,
        ship_duty.nature, ship_duty.title_zh, ship_duty.title_en, ship_duty.actor_zh, ship_duty.unit_kinds,
        ship_duty.levels, ship_duty.sectors, ship_duty.high_risk_only, ship_duty.site_kinds,
        ship_duty.supervision_role, ship_duty.post, ship_duty.is_personal, ship_duty.record_kinds,
        case when within is not null then 'within' when planned is not null then 'planned'
             when coalesce(delivered, on_event) is not null then 'deliverable' end,
        coalesce(within, delivered, planned, case when on_event is not null then 'event' end), times, ship_duty.due_days,
        ship_duty.ahead_days, on_event, days, ship_duty.grace_days, ship_duty.evidence, ship_duty.publicity,
        ship_duty.structural_rules, e.zh, e.en, ship_duty.instrument,
        coalesce(ship_duty.article, case when ship_duty.instrument = 'OPINION-ORDOS-2022' then
            (string_to_array('一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 结语', ' '))
                [split_part(ship_duty.clause, '.', 1)::int] end),
        case when assumed = 'count' or assumed = 'days' and on_event is not null then 'recalled-low'
             else ship_duty.confidence end, 'shipped',
        case assumed
            when 'count' then '文件未定次数，此处为系统缺省值，管理员可以修订。'
                || 'The text gives no number: this one is a default of the house, which an administrator can revise.'
            when 'days' then '文件未定期限，此处为系统缺省值，管理员可以修订。'
                || 'The text gives no day: this one is a default of the house, which an administrator can revise.' end
    from (select kept_in) k
    left join (values
        ('accidents', '事故直报（已实现）', 'Direct accident reporting, which is in place'),
        ('consequences', '调查处理与责任追究', 'Investigation and consequences'),
        ('hazards', '风险分级管控与隐患治理', 'Risk grading and hazards'),
        ('inspection', '监督检查与行政执法', 'Inspection and enforcement'),
        ('registers', '台账与名册', 'Registers'),
        ('sharing', '部门间信息共享', 'Data sharing between departments'),
        ('tips', '举报与奖励', 'Whistleblower tips and rewards'),
        ('units', '单位与任职登记（已实现）', 'The register of units and posts, which is in place')
    ) e(code, zh, en) on e.code = k.kept_in
    where not exists (
        select from anze.duty a
        where a.code = coalesce(ship_duty.code, 'C' || ship_duty.clause) and a.origin = 'administrator')
    on conflict on constraint duty_pkey do update
    set (in_force, clause, nature, title_zh, title_en, actor_zh, unit_kinds, levels, sectors, high_risk_only, site_kinds,
         supervision_role, post, is_personal, record_kinds, counting, period, minimum_count, due_days, ahead_days, event,
         within_days, grace_days, evidence, publicity, structural_rules, elsewhere_zh, elsewhere_en, instrument, article,
         confidence, reason)
        = (excluded.in_force, excluded.clause, excluded.nature, excluded.title_zh, excluded.title_en, excluded.actor_zh,
           excluded.unit_kinds, excluded.levels, excluded.sectors, excluded.high_risk_only, excluded.site_kinds,
           excluded.supervision_role, excluded.post, excluded.is_personal, excluded.record_kinds, excluded.counting,
           excluded.period, excluded.minimum_count, excluded.due_days, excluded.ahead_days, excluded.event,
           excluded.within_days, excluded.grace_days, excluded.evidence, excluded.publicity, excluded.structural_rules,
           excluded.elsewhere_zh, excluded.elsewhere_en, excluded.instrument, excluded.article, excluded.confidence, excluded.reason)
    where to_jsonb(kept) - 'created_at' is distinct from to_jsonb(excluded) - 'created_at'
    returning kept.code
$$;

-- A later version of a shipped duty: as the one before it, but for what changes. The one before ends the day before
-- (`until` of ship_duty), so that what was owed until then stays as it was.
create or replace function anze.ship_duty_change(code text, version integer, since date, changes jsonb, reason text)
returns text language sql
as $$
    insert into anze.duty as kept
    select n.*
    from anze.duty d
    cross join lateral jsonb_populate_record(d, changes || jsonb_build_object('version', ship_duty_change.version,
        'in_force', daterange(since, null), 'created_at', clock_timestamp(), 'reason', ship_duty_change.reason)) n
    where d.code = ship_duty_change.code and d.version = ship_duty_change.version - 1
        and not exists (select from anze.duty a where a.code = ship_duty_change.code and a.origin = 'administrator')
    on conflict on constraint duty_pkey do update
    set (in_force, title_zh, title_en, actor_zh, post, record_kinds, counting, period, minimum_count, due_days, ahead_days,
         within_days, grace_days, evidence, publicity, instrument, article, confidence, reason)
        = (excluded.in_force, excluded.title_zh, excluded.title_en, excluded.actor_zh, excluded.post,
           excluded.record_kinds, excluded.counting, excluded.period, excluded.minimum_count, excluded.due_days,
           excluded.ahead_days, excluded.within_days, excluded.grace_days, excluded.evidence, excluded.publicity,
           excluded.instrument, excluded.article, excluded.confidence, excluded.reason)
    where to_jsonb(kept) - 'created_at' is distinct from to_jsonb(excluded) - 'created_at'
    returning kept.code
$$;

-- Where a duty stands in the catalogue: by clause, then by code.
create or replace function anze.duty_place(d anze.duty) returns text immutable parallel safe language sql
return (lpad((d).clause, 5, '0') || ' ' || (d).code) collate "C";

-- A version as the contract shows it.
create or replace function anze.duty_json(d anze.duty) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(jsonb_build_object(
    'code', (d).code, 'version', (d).version, 'clause', (d).clause, 'nature', (d).nature, 'title_zh', (d).title_zh,
    'title_en', (d).title_en, 'actor_zh', (d).actor_zh, 'unit_kinds', (d).unit_kinds, 'levels', (d).levels,
    'sectors', (d).sectors, 'high_risk_only', case when (d).high_risk_only then true end,
    'site_kinds', (d).site_kinds, 'supervision_role', (d).supervision_role, 'post', (d).post,
    'is_personal', case when (d).is_personal then true end, 'record_kinds', (d).record_kinds,
    'counting', (d).counting, 'period', (d).period)
    || case when (d).period is null then '{}' else jsonb_build_object(
        'minimum_count', (d).minimum_count, 'due_days', (d).due_days, 'ahead_days', nullif((d).ahead_days, 0),
        'grace_days', (d).grace_days, 'evidence', (d).evidence, 'publicity', (d).publicity,
        'counts_from', case when (d).version > 1 and (d).period not in ('once', 'event') then (d).counts_from end) end
    || jsonb_build_object(
    'once_by', (d).once_by, 'event', (d).event, 'within_days', (d).within_days,
    'structural_rules', (d).structural_rules, 'elsewhere_zh', (d).elsewhere_zh, 'elsewhere_en', (d).elsewhere_en,
    'in_force_from', lower((d).in_force), 'in_force_until', upper((d).in_force) - 1, 'instrument', (d).instrument,
    'article', (d).article, 'confidence', (d).confidence, 'origin', (d).origin, 'reason', (d).reason));

-- A duty with all its versions, newest first.
create or replace function anze.duty_history_json(duty_code text) returns text stable parallel safe language sql
return (
    select jsonb_build_object('code', duty_code, 'version', max(d.version),
        'versions', jsonb_agg(anze.duty_json(d) order by d.version desc))::text
    from anze.duty d where d.code = duty_code having count(*) > 0);

-- What is wrong with a revision of a duty, besides its form.
create or replace function anze.duty_revision_faults(running anze.duty, request jsonb) returns jsonb
stable language plpgsql
as $$
declare
    faults jsonb := '[]';
    member text;
begin
    if (request ->> 'in_force_from')::date <= lower(running.in_force) then
        faults := faults || anze.fault('/in_force_from', 'not-after-running-version',
            '施行日期应晚于现行版本的施行日期。', 'The new version must begin after the running one began.');
    end if;
    foreach member in array array['period', 'minimum_count', 'due_days', 'ahead_days', 'within_days', 'grace_days',
                                  'evidence', 'publicity', 'counts_from'] loop
        if not request ? member then
            continue;
        end if;
        if running.period is null then
            faults := faults || anze.fault('/' || member, 'not-owed', '该职责不产生履职任务，此项不适用。',
                'No obligation is planned from this duty: it has no such figure.');
        elsif member in ('period', 'due_days', 'ahead_days', 'counts_from') and running.period in ('once', 'event') then
            faults := faults || anze.fault('/' || member, 'not-recurring', '该职责不按周期履行，此项不适用。',
                'This duty does not recur: it has no such figure.');
        elsif member = 'within_days' and running.period <> 'event' then
            faults := faults || anze.fault('/within_days', 'not-on-event', '该职责不由事件触发，此项不适用。',
                'This duty is not owed after an event: it has no such figure.');
        end if;
    end loop;
    return faults;
end
$$;

-- A new version from a day on; the running one ends the day before. Whoever it concerns is planned anew from that day; a
-- period that had begun before counts by the running version, unless the new one says otherwise.
create or replace function anze.revise_duty(duty_code text, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    running anze.duty;
    next_version anze.duty;
    starts date := (request ->> 'in_force_from')::date;
begin
    select * into running from anze.duty d where d.code = duty_code order by d.version desc limit 1 for update;
    if running.code is null then
        perform anze.refuse('AZ404', '没有该职责。', 'There is no such duty.');
    end if;
    perform anze.require_version(running.version, if_match);
    perform anze.refuse_all(anze.duty_revision_faults(running, request));

    update anze.duty d set in_force = daterange(lower(d.in_force), starts)
    where d.code = running.code and d.version = running.version and (upper_inf(d.in_force) or upper(d.in_force) > starts);
    next_version := jsonb_populate_record(running, request);
    next_version.version := running.version + 1;
    next_version.in_force := daterange(starts, null);
    next_version.counts_from := coalesce(request ->> 'counts_from', 'first_whole_period');
    next_version.origin := 'administrator';
    next_version.created_at := clock_timestamp();
    insert into anze.duty values (next_version.*);
    perform anze.touch_units(
        (select array_agg(u.id order by u.id) from anze.unit u where u.kind = any (running.unit_kinds)), starts);
    return query select '201', anze.duty_history_json(duty_code), next_version.version::text, '/v1/duties/' || duty_code;
end
$$;

-- The obligation matrix on a day: each clause once, and what keeps it. A clause speaks by its own row (code C and the
-- clause), or by its first.
create or replace function anze.duty_clauses(day date)
returns table (key text, clause text, section integer, nature text, title_zh text, title_en text, actor_zh text,
               kept_by text[], duties text[], structural_rules text[], elsewhere_zh text[], elsewhere_en text[])
stable parallel safe language sql
as $$
    with duty as materialized (
        select d.* from anze.duty d where d.in_force @> day),
    head as (
        select distinct on (d.clause) d.* from duty d order by d.clause, d.code <> 'C' || d.clause, d.code),
    kept as (
        select d.clause,
            coalesce(array_agg(d.code order by d.code) filter (where d.period is not null), '{}') as duties,
            array(select distinct r from duty o cross join unnest(o.structural_rules) r
                  where o.clause = d.clause order by r) as structural_rules,
            coalesce(array_agg(distinct d.elsewhere_zh) filter (where d.elsewhere_zh is not null), '{}') as elsewhere_zh,
            coalesce(array_agg(distinct d.elsewhere_en) filter (where d.elsewhere_en is not null), '{}') as elsewhere_en
        from duty d group by d.clause)
    select lpad(h.clause, 5, '0') collate "C", h.clause, split_part(h.clause, '.', 1)::int, h.nature, h.title_zh,
        h.title_en, h.actor_zh,
        array_remove(array[
            case when k.duties <> '{}' then 'duty' end,
            case when k.structural_rules <> '{}' then 'structure' end,
            case when k.elsewhere_en <> '{}' then 'capability' end,
            case when h.nature = 'P' then 'principle' end], null),
        k.duties, k.structural_rules, k.elsewhere_zh, k.elsewhere_en
    from head h join kept k on k.clause = h.clause
$$;
