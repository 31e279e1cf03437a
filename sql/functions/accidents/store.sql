-- The accident as it is written and shown. What lists show is kept beside it, but for what depends on the present moment
-- (late, by how much), which is added when it is read: anze.accident_item. The rest of what one reads of an accident is its
-- page (page.sql).

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

create or replace function anze.accident_clock_state(d anze.deadline, at timestamptz) returns text
immutable parallel safe language sql
return case when (d).superseded_at is not null then 'superseded'
            when (d).met_at is not null then case when (d).late is null then 'met' else 'met_late' end
            when (d).due_at >= at then 'running'
            when (d).is_owed then 'overdue'
            else 'closed' end;

-- What lists show of it, without its last brace: what depends on the moment comes after.
create or replace function anze.accident_item_of(a anze.accident) returns text stable language sql
return left(jsonb_strip_nulls(anze.accident_head_json(a))::text, -1);

-- Writes the accident as it is after a report or what levels did. The one place that updates it, when all else is written.
create or replace function anze.accident_store(a anze.accident, at timestamptz) returns anze.accident
language plpgsql as $$
declare
    clocks constant anze.deadline[] := array(select d from anze.deadline d where d.subject_id = a.id);
begin
    a := anze.accident_count_clocks(a, clocks);
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
    perform anze.accident_keep_page(a, clocks);
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
    page constant anze.accident_page := anze.accident_page(a);
    duplicates constant record := anze.accident_possible_duplicates(a);
    actions constant text := anze.accident_actions(a, page, duplicates.joinable);
    cases constant text := anze.accident_cases(a.id);
    clocks constant record := anze.accident_clocks_shown(page.clocks, statement_timestamp());
begin
    body := a.item || ', ' || page.body || ', "reporter": '
        || case when anze.accident_is_told_on(page.filed_level) then '{}' else page.reporter end
        || anze.accident_late_json(a.due_at, a.late_from, a.late_seconds)
        || ', "clocks": ' || clocks.shown || ', "actions": ' || actions || ', "cases": ' || cases
        || coalesce(', "possible_duplicates": ' || duplicates.shown, '') || '}';
    etag := a.version || coalesce('.' || nullif(clocks.misses, 0), '') || '.'
        || to_hex(hashtextextended(actions || cases || coalesce(duplicates.shown, ''), a.version));
    last_modified := anze.instant(greatest(a.updated_at, clocks.changed_at));
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
