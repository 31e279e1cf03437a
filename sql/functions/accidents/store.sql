-- The accident as it is shown, kept beside it whenever it changes, so that reading it costs one row.
--
-- What depends on the present moment (late, by how much, the state of running clocks) is added when it is read:
-- anze.accident_item and anze.accident_json. The entity tag counts the clocks that ran out, so that a cached answer
-- never hides one.

set local check_function_bodies = off; -- functions of this folder may name later ones
-- A clock without what depends on the moment; one that has ended says all.
create or replace function anze.accident_clock_json(c anze.accident_clock) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_build_object('id', c.id, 'kind', c.kind, 'code', c.code, 'immediately', c.immediately,
            'title_zh', coalesce(k.title_zh, r.title_zh), 'title_en', coalesce(k.title_en, r.title_en),
            'from_level', anze.level_code(c.from_level), 'to_level', anze.level_code(c.to_level),
            'day', c.day, 'required', c.required, 'starts_from', c.starts_from,
            'starts_at', anze.instant(c.starts_at), 'due_at', anze.instant(c.due_at),
            'met_at', anze.instant(c.met_at), 'superseded_at', anze.instant(c.superseded_at),
            'superseded_by', c.superseded_by, 'because', c.because, 'report_number', c.report_number)
        || anze.rule_basis(c.rule, c.rule_version)
        || case when c.superseded_at is not null then jsonb_build_object('state', 'superseded',
                    'late_by_seconds', floor(extract(epoch from c.late)))
                when c.met_at is not null then jsonb_build_object(
                    'state', case when c.late is null then 'met' else 'met_late' end,
                    'late_by_seconds', floor(extract(epoch from c.late)))
                else '{}' end
    from anze.rule r
    left join anze.accident_clock_rule k
        on c.kind = 'report' and (k.code, k.from_level, k.to_level) = (c.code, c.from_level, c.to_level)
    where r.code = c.rule and r.version = c.rule_version);
end
$$;

-- The clocks' columns of the accident: what runs, what is late, and the clocks as they are read.
create or replace function anze.accident_show_clocks(a anze.accident) returns anze.accident language plpgsql as $$
begin
    select coalesce(min(c.due_at) filter (where s.runs or c.late is not null), 'infinity'),
        coalesce(min(c.due_at) filter (where s.runs), 'infinity'),
        coalesce(floor(max(extract(epoch from c.late)))::integer, 0),
        array_agg(case when s.ended then d.text else left(d.text, -1) end order by c.due_at, c.id),
        array_agg(case when not s.ended then c.due_at end order by c.due_at, c.id)
    into a.late_from, a.due_at, a.late_seconds, a.clock_documents, a.clock_dues
    from anze.accident_clock c
    cross join lateral (
        select c.met_at is not null or c.superseded_at is not null as ended,
            c.met_at is null and c.superseded_at is null and c.kind <> 'window' as runs) s
    cross join lateral (select jsonb_strip_nulls(anze.accident_clock_json(c))::text as text) d
    where c.accident_id = a.id;
    return a;
end
$$;

-- What lists and reading have in common.
create or replace function anze.accident_head_json(a anze.accident) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_build_object('id', a.id, 'version', a.version, 'state', a.state,
        'unit', jsonb_build_object('name', a.unit_name, 'credit_code', a.unit_credit_code,
                                   'id', case when not a.unit_is_declared then a.unit_id end),
        'region_code', a.region_code, 'region_name', g.name, 'place', a.place, 'sector', a.sector,
        'category', jsonb_build_object('standard', c.standard, 'code', c.code, 'title_zh', c.title_zh,
                                       'title_en', c.title_en),
        'occurred_at', anze.instant(a.occurred_at), 'reported_at', anze.instant(a.reported_at),
        'updated_at', anze.instant(a.updated_at), 'grade', e.code, 'grade_title_zh', e.title_zh,
        'grade_title_en', e.title_en, 'grade_is_lower_bound', a.grade_is_lower_bound,
        'seriously_endangering', a.endangering <> '{}',
        'figures', jsonb_build_object('deaths', a.deaths, 'missing', a.missing, 'trapped', a.trapped,
            'serious_injuries', a.serious_injuries, 'minor_injuries', a.minor_injuries, 'evacuated', a.evacuated,
            'at_risk', a.at_risk, 'direct_loss_cny', a.direct_loss_cny::text))
    from anze.accident_category c, anze.accident_grade e, anze.region g
    where (c.standard, c.code) = (a.category_standard, a.category) and e.rank = a.grade and g.code = a.region_code);
end
$$;

create or replace function anze.accident_levels_json(a anze.accident) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_agg(jsonb_build_object('level', l.code, 'title_zh', l.title_zh, 'title_en', l.title_en,
            'called_for', l.rank <= t.top, 'received_at', anze.instant(anze.accident_received_at(a, l.rank)))
        order by l.rank)
    from anze.level l
    cross join (select anze.accident_top_level(a.grade, anze.day_of(a.occurred_at)) as top) t
    where l.rank >= 2);
end
$$;

create or replace function anze.accident_transmission_json(t anze.accident_transmission) returns jsonb
stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_build_object('id', t.id, 'from_level', anze.level_code(t.from_level),
        'to_level', anze.level_code(t.to_level), 'channel', t.channel, 'sent_at', anze.instant(t.sent_at),
        'recorded_at', anze.instant(t.recorded_at), 'note', t.note,
        'received_at', (select anze.instant(r.received_at) from anze.accident_receipt r where r.transmission_id = t.id)));
end
$$;

create or replace function anze.accident_recipients_json(accident uuid) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select coalesce(jsonb_agg(jsonb_build_object('level', anze.level_code(t.level), 'recipient', t.code,
            'title_zh', c.title_zh, 'title_en', c.title_en, 'told_at', anze.instant(t.told_at), 'channel', t.channel)
            || anze.rule_basis(t.rule, t.rule_version)
        order by t.level, c.place), '[]')
    from anze.accident_recipient t
    join anze.accident_recipient_rule c on (c.level, c.code) = (t.level, t.code)
    where t.accident_id = accident and t.superseded_at is null);
end
$$;

create or replace function anze.accident_grades_json(accident uuid) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select jsonb_agg(jsonb_build_object('number', h.number, 'grade', g.code, 'title_zh', g.title_zh,
            'title_en', g.title_en, 'is_lower_bound', h.is_lower_bound, 'report_number', h.report_number,
            'because', nullif(h.because, '{}'), 'changed_at', anze.instant(h.changed_at))
        order by h.number)
    from anze.accident_grade_change h join anze.accident_grade g on g.rank = h.grade
    where h.accident_id = accident);
end
$$;

create or replace function anze.accident_document(a anze.accident) returns jsonb stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select (a.facts - '{unit_id,unit_name,unit_credit_code,region_code,category,category_standard,sector,occurred_at,'
                      'learned_at,place,endangered}'::text[])
        || anze.accident_head_json(a)
        || jsonb_build_object('rule_set', a.rule_set, 'learned_at', anze.instant(a.learned_at),
            'recorded_at', anze.instant(a.recorded_at),
            'reporter', jsonb_build_object('name', f.reporter_name, 'phone', anze.mask_phone(f.reporter_phone)),
            'grade_history', anze.accident_grades_json(a.id),
            'dangers', (select coalesce(jsonb_agg(jsonb_build_object('code', d.code, 'title_zh', d.title_zh,
                            'title_en', d.title_en) || anze.rule_basis(r.code, r.version) order by d.code), '[]')
                        from anze.accident_danger d
                        join anze.rule r on r.code = d.rule and r.in_force @> anze.day_of(a.occurred_at)
                        where d.code = any (a.endangering)),
            'supplement_ends_at', anze.instant(a.supplement_ends_at), 'report_count', a.report_count,
            'levels', anze.accident_levels_json(a),
            'transmissions', (select coalesce(jsonb_agg(anze.accident_transmission_json(t)
                                  order by t.sent_at, t.recorded_at), '[]')
                              from anze.accident_transmission t where t.accident_id = a.id),
            'recipients', anze.accident_recipients_json(a.id))
    from anze.accident_report f where f.accident_id = a.id and f.number = 1);
end
$$;

-- Writes the accident with everything that is shown of it. The one place that updates it.
create or replace function anze.accident_store(a anze.accident, at timestamptz) returns anze.accident
language plpgsql as $$
begin
    a := anze.accident_show_clocks(a);
    a.updated_at := greatest(at, a.updated_at + interval '1 microsecond');
    a.item := left(jsonb_strip_nulls(anze.accident_head_json(a))::text, -1);
    a.document := left(jsonb_strip_nulls(anze.accident_document(a))::text, -1) || anze.accident_offers(a);
    update anze.accident x
    set version = a.version, state = a.state, unit_id = a.unit_id, unit_is_declared = a.unit_is_declared,
        unit_name = a.unit_name, unit_credit_code = a.unit_credit_code, region_code = a.region_code,
        sector = a.sector, rule_set = a.rule_set, category_standard = a.category_standard, category = a.category,
        place = a.place, occurred_at = a.occurred_at, learned_at = a.learned_at, facts = a.facts, deaths = a.deaths,
        missing = a.missing, trapped = a.trapped, serious_injuries = a.serious_injuries,
        minor_injuries = a.minor_injuries, evacuated = a.evacuated, at_risk = a.at_risk,
        direct_loss_cny = a.direct_loss_cny, grade = a.grade, grade_is_lower_bound = a.grade_is_lower_bound,
        endangering = a.endangering, supplement_ends_at = a.supplement_ends_at, report_count = a.report_count,
        late_from = a.late_from, due_at = a.due_at, late_seconds = a.late_seconds, item = a.item,
        document = a.document, clock_documents = a.clock_documents, clock_dues = a.clock_dues,
        updated_at = a.updated_at
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

-- The whole accident as this caller reads it now.
create or replace function anze.accident_json(document text, due_at timestamptz, late_from timestamptz,
    late_seconds integer, clock_documents text[], clock_dues timestamptz[], actions text, cases text)
returns text stable parallel safe language plpgsql as $$
declare
    clocks text := '';
    at constant timestamptz := statement_timestamp();
begin
    for i in 1 .. cardinality(clock_documents) loop
        clocks := clocks || case when i > 1 then ', ' else '' end || clock_documents[i]
            || case when clock_dues[i] is null then ''
                    when clock_dues[i] >= at then ', "state": "running"}'
                    when clock_documents[i] like '%"kind": "window"%'
                        then ', "state": "closed"}'
                    else ', "state": "overdue", "late_by_seconds": '
                        || floor(extract(epoch from at - clock_dues[i]))::bigint || '}' end;
    end loop;
    return document || anze.accident_late_json(due_at, late_from, late_seconds) || ', "clocks": [' || clocks
        || '], "actions": [' || actions || '], "cases": [' || cases || ']}';
end
$$;

-- "7": version 7; "7.2": version 7 of which two clocks have run out since. If-Match looks at the version alone, as far
-- as the first dot.
create or replace function anze.accident_etag(version integer, clock_dues timestamptz[]) returns text
stable parallel safe language plpgsql as $$
declare
    missed integer := 0;
    due timestamptz;
begin
    foreach due in array clock_dues loop
        missed := missed + case when due < statement_timestamp() then 1 else 0 end;
    end loop;
    return version || case when missed > 0 then '.' || missed else '' end;
end
$$;

-- "7.2.1bc29b36c1d0a1f4": the same, and what this caller may do and which cases it is shown.
create or replace function anze.accident_shown_etag(version integer, clock_dues timestamptz[], actions text, cases text)
returns text stable parallel safe language sql
return anze.accident_etag(version, clock_dues) || '.' || to_hex(hashtextextended(actions || cases, version));

create or replace function anze.accident_modified(updated_at timestamptz, clock_dues timestamptz[]) returns text
stable parallel safe language plpgsql as $$
declare
    latest timestamptz := updated_at;
    due timestamptz;
begin
    foreach due in array clock_dues loop
        if due < statement_timestamp() and due > latest then
            latest := due;
        end if;
    end loop;
    return anze.instant(latest);
end
$$;

-- The answer of a write.
create or replace function anze.accident_answer(
    a anze.accident, success text, place text, out status text, out body text, out etag text, out location text)
stable language plpgsql as $$
declare
    actions constant text := anze.accident_actions_text(a.document);
    cases constant text := anze.accident_cases_text(a.id);
begin
    status := success;
    body := anze.accident_json(a.document[1], a.due_at, a.late_from, a.late_seconds, a.clock_documents, a.clock_dues,
        actions, cases);
    etag := anze.accident_shown_etag(a.version, a.clock_dues, actions, cases);
    location := '/v1/accidents/' || a.id || place;
end
$$;
