-- The figures of the law by the day that counts.
-- The version of a rule that was in force on a day. A day without one refuses the request; a rule that does not exist
-- at all is our own mistake.
create or replace function anze.rule_on(rule_code text, day date) returns anze.rule
stable parallel safe language plpgsql
as $$
declare
    found_rule anze.rule;
begin
    select * into found_rule from anze.rule r where r.code = rule_code and r.in_force @> day;
    if found_rule.code is not null then
        return found_rule;
    end if;
    if not exists (select from anze.rule r where r.code = rule_code) then
        raise no_data_found using message = format('there is no rule %s', rule_code);
    end if;
    perform anze.refuse('AZ422', format('规则 %s 在 %s 没有施行中的版本。', rule_code, day),
        format('No version of the rule %s is in force on %s.', rule_code, day), '', 'no-rule-in-force');
end
$$;

create or replace function anze.rule_value(rule_code text, day date) returns numeric
stable parallel safe language sql
return (anze.rule_on(rule_code, day)).value;

-- One version of a rule as the program ships it. What an administrator revised stays as it is, whole.
create or replace function anze.ship_rule(
    code text, version integer, in_force_from date, in_force_until date, title_zh text, title_en text, value numeric,
    unit text, instrument text, article text, confidence text, note_zh text default null, note_en text default null)
returns void language sql
as $$
    insert into anze.rule as kept (code, version, in_force, title_zh, title_en, value, unit, instrument, article,
        confidence, note_zh, note_en, origin)
    select ship_rule.code, ship_rule.version, daterange(in_force_from, in_force_until), ship_rule.title_zh,
        ship_rule.title_en, ship_rule.value, ship_rule.unit, ship_rule.instrument, ship_rule.article,
        ship_rule.confidence, ship_rule.note_zh, ship_rule.note_en, 'shipped'
    where not exists (
        select from anze.rule a where a.code = ship_rule.code and a.origin = 'administrator')
    on conflict on constraint rule_pkey do update
    set in_force = excluded.in_force, title_zh = excluded.title_zh, title_en = excluded.title_en,
        value = excluded.value, unit = excluded.unit, instrument = excluded.instrument, article = excluded.article,
        confidence = excluded.confidence, note_zh = excluded.note_zh, note_en = excluded.note_en
    where (kept.in_force, kept.title_zh, kept.title_en, kept.value, kept.unit, kept.instrument, kept.article,
           kept.confidence, kept.note_zh, kept.note_en)
        is distinct from
          (excluded.in_force, excluded.title_zh, excluded.title_en, excluded.value, excluded.unit, excluded.instrument,
           excluded.article, excluded.confidence, excluded.note_zh, excluded.note_en)
$$;

-- A version as the contract shows it.
create or replace function anze.rule_json(r anze.rule) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(jsonb_build_object(
    'code', (r).code, 'version', (r).version, 'title_zh', (r).title_zh, 'title_en', (r).title_en,
    'value', (r).value, 'unit', (r).unit, 'in_force_from', lower((r).in_force),
    'in_force_until', upper((r).in_force) - 1, 'instrument', (r).instrument, 'article', (r).article,
    'confidence', (r).confidence, 'origin', (r).origin, 'note_zh', (r).note_zh, 'note_en', (r).note_en,
    'reason', (r).reason));

-- A rule with all its versions, newest first.
create or replace function anze.rule_history_json(rule_code text) returns text stable parallel safe language sql
return (
    select jsonb_build_object('code', rule_code, 'version', max(r.version),
        'versions', jsonb_agg(anze.rule_json(r) order by r.version desc))::text
    from anze.rule r where r.code = rule_code having count(*) > 0);

-- A new version from a day on; the running one ends the day before. Nothing of the past changes.
create or replace function anze.revise_rule(rule_code text, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    running anze.rule;
    starts date := (request ->> 'in_force_from')::date;
    faults jsonb := '[]';
begin
    select * into running from anze.rule r where r.code = rule_code order by r.version desc limit 1 for update;
    if running.code is null then
        perform anze.refuse('AZ404', '没有该规则。', 'There is no such rule.');
    end if;
    perform anze.require_version(running.version, if_match);
    if starts <= lower(running.in_force) then
        faults := faults || anze.fault('/in_force_from', 'not-after-running-version',
            '施行日期应晚于现行版本的施行日期。', 'The new version must begin after the running one began.');
    end if;
    if running.unit = 'boolean' and (request ->> 'value')::numeric not in (0, 1) then
        faults := faults || anze.fault('/value', 'boolean', '该规则的值应为 0 或 1。', 'This rule is 0 or 1.');
    end if;
    if request ? 'instrument' and not exists (select from anze.instrument i where i.code = request ->> 'instrument') then
        faults := faults || anze.fault('/instrument', 'unknown-reference', '法规标准不存在。',
            'The instrument does not exist.');
    end if;
    perform anze.refuse_all(faults);

    update anze.rule r set in_force = daterange(lower(r.in_force), starts)
    where r.code = running.code and r.version = running.version and (upper_inf(r.in_force) or upper(r.in_force) > starts);
    insert into anze.rule (code, version, in_force, title_zh, title_en, value, unit, instrument, article, confidence,
        note_zh, note_en, origin, reason)
    values (running.code, running.version + 1, daterange(starts, null), running.title_zh, running.title_en,
        (request ->> 'value')::numeric, running.unit, coalesce(request ->> 'instrument', running.instrument),
        coalesce(request ->> 'article', running.article), coalesce(request ->> 'confidence', running.confidence),
        running.note_zh, running.note_en, 'administrator', request ->> 'reason');
    return query select '201', anze.rule_history_json(rule_code), (running.version + 1)::text, '/v1/rules/' || rule_code;
end
$$;

-- A version of a rule as clocks, grades and recipients name it.
create or replace function anze.rule_basis(rule_code text, rule_version integer) returns jsonb
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (select (select jsonb_build_object('rule', r.code, 'rule_version', r.version, 'instrument', i.title,
                                  'article', r.article, 'confidence', r.confidence)
        from anze.rule r join anze.instrument i on i.code = r.instrument
        where r.code = rule_code and r.version = rule_version));
end
$$;
