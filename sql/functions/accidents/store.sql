-- The accident as it is written and shown. What lists show is kept beside it, but for what depends on the present moment
-- (late, by how much), which is added when it is read: anze.accident_item. The rest of what one reads of an accident is
-- rendered when somebody reads it: anze.accident_shown.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The clocks' columns of the accident: what runs, and what is late.
create or replace function anze.accident_count_clocks(inout a anze.accident, clocks anze.deadline[])
language plpgsql as $$
begin
    select coalesce(min(d.due_at) filter (where d.is_running or d.late is not null), 'infinity'),
        coalesce(min(d.due_at) filter (where d.is_running), 'infinity'),
        coalesce(floor(max(extract(epoch from d.late)))::integer, 0)
    into a.late_from, a.due_at, a.late_seconds
    from unnest(clocks) d;
end
$$;

-- What lists and reading have in common.
create or replace function anze.accident_head_json(a anze.accident) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_build_object('id', a.id, 'version', a.version, 'state', a.state,
        'unit', jsonb_build_object('name', a.unit_name, 'credit_code', a.unit_credit_code,
                                   'credit_code_mismatch', anze.credit_code_mismatch(a.unit_credit_code),
                                   'id', case when not a.unit_is_declared then a.unit_id end),
        'region_code', a.region_code, 'region_name', g.name, 'place', a.place, 'sector', a.sector,
        'category', jsonb_build_object('standard', c.standard, 'code', c.code, 'title_zh', c.title_zh,
                                       'title_en', c.title_en),
        'occurred_at', anze.instant(a.occurred_at), 'reported_at', anze.instant(a.reported_at),
        'is_drill', case when a.is_drill then true end, 'updated_at', anze.instant(a.updated_at), 'grade', e.code, 'grade_title_zh', e.title_zh,
        'grade_title_en', e.title_en, 'grade_is_lower_bound', a.grade_is_lower_bound,
        'seriously_endangering', a.endangering <> '{}',
        'figures', jsonb_build_object('deaths', a.deaths, 'missing', a.missing, 'trapped', a.trapped,
            'serious_injuries', a.serious_injuries, 'minor_injuries', a.minor_injuries, 'evacuated', a.evacuated,
            'at_risk', a.at_risk, 'direct_loss_cny', a.direct_loss_cny::text))
    from anze.accident_category c, anze.accident_grade e, anze.region g
    where (c.standard, c.code) = (a.category_standard, a.category) and e.rank = a.grade and g.code = a.region_code);
end
$$;

-- A transmission, with when it was acknowledged.
create or replace function anze.accident_transmission_json(t anze.accident_transmission) returns jsonb
stable language plpgsql as $$
begin
    return (select jsonb_build_object('id', t.id, 'from_level', f.code, 'to_level', u.code, 'channel', t.channel,
            'sent_at', anze.instant(anze.accident_sent_at(t)), 'recorded_at', anze.instant(t.recorded_at), 'note', t.note,
            'received_at', (select anze.instant(r.received_at) from anze.accident_receipt r where r.transmission_id = t.id))
        from anze.level f, anze.level u where f.rank = t.from_level and u.rank = t.to_level);
end
$$;

-- The clocks as one reads them at a moment. A daily clock stands for all days that passed with too few follow-ups
-- (`day` to `last_day`); `misses` is how many things were missed without anybody writing, `changed_at` when the latest was.
-- Becomes a part of the statement that asks.
create or replace function anze.accident_clocks(accident uuid, at timestamptz)
returns table (d anze.deadline, shown jsonb, misses integer, changed_at timestamptz) stable rows 6 language sql as $$
    select x,
        jsonb_strip_nulls(x.details - '{number,from_level,to_level}'::text[] || jsonb_build_object(
            'id', x.details -> 'number', 'code', x.clock, 'title_zh', x.title_zh, 'title_en', x.title_en,
            'from_level', (select l.code from anze.level l where l.rank = anze.accident_clock_from(x)),
            'to_level', (select l.code from anze.level l where l.rank = anze.accident_clock_to(x)),
            'starts_at', anze.instant(x.starts_at), 'due_at', anze.instant(x.due_at), 'met_at', anze.instant(x.met_at),
            'superseded_at', anze.instant(x.superseded_at), 'because', x.because,
            'superseded_by', (select n.details -> 'number' from anze.deadline n
                              where n.subject_id = accident and n.id = x.superseded_by),
            'last_day', m.last_day, 'missed_days', m.last_day - (x.details ->> 'day')::date + 1, 'state', s.state,
            'late_by_seconds', case when s.state = 'overdue' then floor(extract(epoch from at - x.due_at))::bigint
                                    else floor(extract(epoch from x.late))::bigint end)
            || (select anze.rule_basis(r, (select i.title from anze.instrument i where i.code = r.instrument),
                    (select anze.day_of(a.occurred_at) from anze.accident a where a.id = accident))
                from anze.rule r where r.code = x.rule and r.version = x.rule_version)),
        case when s.state in ('overdue', 'closed') then coalesce(m.last_day - (x.details ->> 'day')::date + 1, 1) else 0 end,
        case when s.state in ('overdue', 'closed') then coalesce(anze.end_of_day(m.last_day), x.due_at) end
    from anze.deadline x
    cross join lateral (select anze.accident_last_day(x, at) as last_day) m
    cross join lateral (select anze.accident_clock_state(x, at) as state) s
    where x.subject_id = accident
$$;

create or replace function anze.accident_clock_state(d anze.deadline, at timestamptz) returns text
immutable parallel safe language sql
return case when (d).superseded_at is not null then 'superseded'
            when (d).met_at is not null then case when (d).late is null then 'met' else 'met_late' end
            when (d).due_at >= at then 'running'
            when (d).is_owed then 'overdue'
            else 'closed' end;

-- What one reads beside what lists show, without clocks, actions and cases. One statement, since each one more would cost as
-- much to begin as these rows to read; names and rules are looked up one by one (subselects, offset 0), since a join would read
-- and hash their whole tables for a handful of rows.
create or replace function anze.accident_body(a anze.accident) returns jsonb stable language plpgsql as $$
declare
    on_day constant date := anze.day_of(a.occurred_at);
begin
    return (select jsonb_strip_nulls(
        (a.facts - '{unit_id,unit_name,unit_credit_code,region_code,category,category_standard,sector,occurred_at,'
                   'learned_at,place,endangered}'::text[])
        || jsonb_build_object('rule_set', a.rule_set, 'learned_at', anze.instant(a.learned_at),
            'recorded_at', anze.instant(a.recorded_at),
            'ending', case when a.state in ('withdrawn', 'joined') then (
                select jsonb_build_object('ground', e.ground, 'into', e.into_id, 'reason', e.reason,
                    'level', anze.level_code(e.level), 'ended_at', anze.instant(e.ended_at))
                from anze.accident_ending e where e.accident_id = a.id) end,
            'joined', (
                select jsonb_agg(jsonb_build_object('id', x.id, 'unit_name', x.unit_name, 'region_code', x.region_code,
                    'place', x.place, 'occurred_at', anze.instant(x.occurred_at), 'reported_at', anze.instant(x.reported_at))
                    order by e.ended_at, e.accident_id)
                from anze.accident_ending e join anze.accident x on x.id = e.accident_id where e.into_id = a.id),
            'reporter', anze.accident_reporter_json(f),
            'grade_history', (
                select jsonb_agg(jsonb_build_object('number', h.number, 'grade', g.code, 'title_zh', g.title_zh,
                    'title_en', g.title_en, 'is_lower_bound', h.is_lower_bound, 'report_number', h.report_number,
                    'because', nullif(h.because, '{}'), 'changed_at', anze.instant(h.changed_at)) order by h.number)
                from anze.accident_grade_change h join anze.accident_grade g on g.rank = h.grade
                where h.accident_id = a.id),
            'dangers', case when a.endangering = '{}' then '[]' else (
                select coalesce(jsonb_agg(jsonb_build_object('code', d.code, 'title_zh', d.title_zh, 'title_en', d.title_en)
                    || anze.rule_basis(r, (select i.title from anze.instrument i where i.code = r.instrument), on_day)
                    order by d.code), '[]')
                from anze.accident_danger d
                cross join lateral anze.rules_in_force(d.rule, on_day, a.region_code) r
                where d.code = any (a.endangering)) end,
            'supplement_ends_at', anze.instant(a.supplement_ends_at), 'report_count', a.report_count,
            'levels', (
                select jsonb_agg(jsonb_build_object('level', l.code, 'title_zh', l.title_zh, 'title_en', l.title_en,
                    'called_for', l.rank <= top.rank or l.rank = any (telephoned.levels), 'received_at', anze.instant(h.at)) order by l.rank)
                from (select anze.accident_top_level(a.grade, on_day, a.region_code) as rank offset 0) top
                cross join (select case when a.socially_major_at is not null then anze.accident_telephoned(a) else '{}' end as levels
                            offset 0) telephoned
                cross join anze.level l
                left join anze.accident_receptions(a.id, a.entry_level, a.reported_at) h on h.level = l.rank
                where l.rank >= 2 and anze.region_has_level(a.region_code, l.rank)),
            'transmissions', (
                select coalesce(jsonb_agg(anze.accident_transmission_json(t) order by anze.accident_sent_at(t), t.recorded_at), '[]')
                from anze.accident_transmission t where t.accident_id = a.id),
            'recipients', (
                select coalesce(jsonb_agg(jsonb_build_object('level', (select l.code from anze.level l where l.rank = t.level),
                    'recipient', t.code, 'title_zh', c.title_zh, 'title_en', c.title_en, 'told_at', anze.instant(t.told_at),
                    'channel', t.channel)
                    || (select anze.rule_basis(r, (select i.title from anze.instrument i where i.code = r.instrument), on_day)
                        from anze.rule r where r.code = t.rule and r.version = t.rule_version) order by t.level, c.place), '[]')
                from anze.accident_recipient t
                cross join lateral (select x.title_zh, x.title_en, x.place from anze.accident_recipient_rule x
                                    where x.level = t.level and x.code = t.code offset 0) c
                where t.accident_id = a.id and t.superseded_at is null)))
    from anze.accident_report f where f.accident_id = a.id and f.number = 1);
end
$$;

-- What lists show of it, without its last brace: what depends on the moment comes after.
create or replace function anze.accident_item_of(a anze.accident) returns text stable language sql
return left(jsonb_strip_nulls(anze.accident_head_json(a))::text, -1);

-- Writes the accident as it is after a report or what levels did. The one place that updates it.
create or replace function anze.accident_store(a anze.accident, at timestamptz) returns anze.accident
language plpgsql as $$
begin
    a := anze.accident_count_clocks(a, array(select d from anze.deadline d where d.subject_id = a.id));
    a.updated_at := greatest(at, a.updated_at + interval '1 microsecond');
    a.item := anze.accident_item_of(a);
    update anze.accident x
    set version = a.version, state = a.state, unit_id = a.unit_id, unit_is_declared = a.unit_is_declared,
        unit_name = a.unit_name, unit_credit_code = a.unit_credit_code, region_code = a.region_code,
        sector = a.sector, rule_set = a.rule_set, category_standard = a.category_standard, category = a.category,
        place = a.place, occurred_at = a.occurred_at, learned_at = a.learned_at,
        reported_at = a.reported_at, facts = a.facts, deaths = a.deaths,
        missing = a.missing, trapped = a.trapped, serious_injuries = a.serious_injuries,
        minor_injuries = a.minor_injuries, evacuated = a.evacuated, at_risk = a.at_risk,
        direct_loss_cny = a.direct_loss_cny, grade = a.grade, grade_is_lower_bound = a.grade_is_lower_bound,
        endangering = a.endangering, supplement_ends_at = a.supplement_ends_at, report_count = a.report_count,
        late_from = a.late_from, due_at = a.due_at, late_seconds = a.late_seconds, socially_major_at = a.socially_major_at, item = a.item,
        updated_at = a.updated_at, recount_at = a.recount_at
    where x.id = a.id;
    return a;
end
$$;

-- Late: some clock ran out. By how much: the longest.
create or replace function anze.accident_late_json(due_at timestamptz, late_from timestamptz, late_seconds integer)
returns text stable parallel safe language sql as $$
    select case when late_from < statement_timestamp()
            then ', "late": true, "late_by_seconds": ' || greatest(late_seconds,
                case when due_at < statement_timestamp()
                     then floor(extract(epoch from statement_timestamp() - due_at))::bigint end)
            else ', "late": false' end
    || case when due_at < 'infinity' then ', "due_at": "' || anze.instant(due_at) || '"' else '' end
$$;

create or replace function anze.accident_item(item text, due_at timestamptz, late_from timestamptz, late_seconds integer)
returns text stable parallel safe language sql as $$
    select item || anze.accident_late_json(due_at, late_from, late_seconds) || '}'
$$;

-- The whole accident as this caller, who sees it, reads it now: with the owner's rights, since row-level security would look the
-- accident up again for each row that hangs on it. Its entity tag: "7.2.1bc29b36c1d0a1f4": version 7, of which two clocks
-- (or days of follow-ups) have run out since, so that a cached answer never hides one; and what this caller may do and
-- which cases it is shown. If-Match looks at the version alone, as far as the first dot.
create or replace function anze.accident_shown(a anze.accident, out body text, out etag text, out last_modified text)
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    at constant timestamptz := statement_timestamp();
    duplicates constant jsonb := anze.accident_possible_duplicates(a);
    actions constant text := anze.accident_actions(a, duplicates);
    cases constant text := anze.accident_cases(a.id);
    clocks text;
    misses bigint;
    changed_at timestamptz;
begin
    select coalesce(jsonb_agg(c.shown order by (c.d).due_at, ((c.d).details ->> 'number')::bigint), '[]')::text, sum(c.misses),
        max(c.changed_at)
    into clocks, misses, changed_at
    from anze.accident_clocks(a.id, at) c;
    body := a.item || ', ' || substr(left(anze.accident_body(a)::text, -1), 2)
        || anze.accident_late_json(a.due_at, a.late_from, a.late_seconds)
        || ', "clocks": ' || clocks || ', "actions": ' || actions || ', "cases": ' || cases
        || case when duplicates <> '[]' then ', "possible_duplicates": ' || duplicates::text else '' end || '}';
    etag := a.version || coalesce('.' || nullif(misses, 0), '') || '.'
        || to_hex(hashtextextended(actions || cases || duplicates::text, a.version));
    last_modified := anze.instant(greatest(a.updated_at, changed_at));
end
$$;

-- The answer of a write.
create or replace function anze.accident_answer(
    a anze.accident, success text, place text, out status text, out body text, out etag text, out location text)
stable language plpgsql as $$
declare
    shown constant record := anze.accident_shown(a);
begin
    status := success;
    body := shown.body;
    etag := shown.etag;
    location := '/v1/accidents/' || a.id || place;
end
$$;

-- An accident and its recipients go on, but none of them ever goes.
create or replace trigger never_deleted before delete on anze.accident
    for each row execute function anze.refuse_change();
create or replace trigger never_truncated before truncate on anze.accident
    for each statement execute function anze.refuse_change();
create or replace trigger never_deleted before delete on anze.accident_recipient
    for each row execute function anze.refuse_change();
create or replace trigger never_truncated before truncate on anze.accident_recipient
    for each statement execute function anze.refuse_change();
