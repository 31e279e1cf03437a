-- Hazards as they are shown. What one answer holds is read with the owner's rights, of a hazard that the caller sees.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.hazard_criterion_json(k anze.hazard_criterion) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(jsonb_build_object('code', (k).code, 'version', (k).version, 'severity', (k).severity,
    'set', (k).set_code, 'sectors', (k).sectors, 'title_zh', (k).title_zh, 'title_en', (k).title_en, 'at_once', (k).at_once,
    'instrument', (k).instrument, 'article', (k).article, 'confidence', (k).confidence, 'origin', (k).origin,
    'in_force_from', lower((k).in_force), 'in_force_until', upper((k).in_force) - 1));

create or replace function anze.hazard_criterion_brief(code text, version integer) returns jsonb
stable parallel safe language plpgsql as $$
begin
    return (select jsonb_build_object('code', k.code, 'version', k.version, 'title_zh', k.title_zh, 'title_en', k.title_en)
            from anze.hazard_criterion k
            where k.code = hazard_criterion_brief.code and k.version = hazard_criterion_brief.version);
end
$$;

-- Whether the caller is the unit, or over it, and the hazard was found by an authority (anze.is_told_on).
create or replace function anze.hazard_is_told_on(h anze.hazard) returns boolean stable parallel safe language plpgsql as $$
begin
    return anze.is_told_on(h.unit_id) and h.source <> 'own_check'
        and not coalesce((select c.is_own from anze.case_file c where c.id = h.case_id), false);
end
$$;

-- What lists and reading have in common. Overdue: open, and a deadline of its case has passed.
create or replace function anze.hazard_item(h anze.hazard) returns jsonb stable parallel safe language plpgsql as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('id', h.id, 'version', h.version, 'case_id', h.case_id,
        'unit', anze.unit_name_json(h.unit_id), 'region_code', h.region_code, 'sector', h.sector,
        'description', h.description, 'place', h.place,
        'point', case when h.lon is not null then jsonb_build_object('lon', h.lon, 'lat', h.lat, 'crs', h.crs) end,
        'source', case when anze.hazard_is_told_on(h) then 'authority' else h.source end, 'category', h.category,
        'found_at', anze.instant(h.found_at),
        'criterion', anze.hazard_criterion_brief(h.criterion, h.criterion_version),
        'criteria', anze.hazard_criteria_json(h.criterion, h.criterion_version, h.further_criteria), 'severity', h.severity,
        'imminent_danger', h.imminent_danger, 'state', h.state, 'open', h.is_open,
        'due_at', case when h.due_at < 'infinity' then anze.instant(h.due_at) end,
        'overdue', h.is_open and h.due_at <= now(), 'recurrences', h.recurrences, 'recurrence_of', h.recurrence_of,
        'merged_into', h.merged_into, 'closed_at', anze.instant(h.closed_at), 'updated_at', anze.instant(h.updated_at)));
end
$$;

create or replace function anze.hazard_judgements_json(hazard uuid) returns jsonb stable parallel safe language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('number', j.number, 'severity', j.severity,
            'criterion', anze.hazard_criterion_brief(j.criterion, j.criterion_version),
            'criteria', anze.hazard_criteria_json(j.criterion, j.criterion_version, j.further_criteria), 'basis', j.basis,
            'imminent_danger', j.imminent_danger, 'judged_at', anze.instant(j.judged_at), 'actor', j.actor,
            'on_behalf_of', j.on_behalf_of, 'level', l.code)) order by j.number), '[]')
        from anze.hazard_judgement j join anze.level l on l.rank = j.level
        where j.hazard_id = hazard);
end
$$;

create or replace function anze.hazard_mergers_json(hazard uuid) returns jsonb stable parallel safe language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('hazard_id', m.hazard_id, 'into_id', m.into_id,
            'reason', m.reason, 'merged_at', anze.instant(m.merged_at), 'actor', m.actor,
            'undone_at', anze.instant(m.undone_at), 'undone_by', m.undone_by, 'undo_reason', m.undo_reason))
            order by m.merged_at, m.hazard_id), '[]')
        from (select * from anze.hazard_merger a where a.hazard_id = hazard
              union all
              select * from anze.hazard_merger b where b.into_id = hazard and b.undone_at is null) m);
end
$$;

create or replace function anze.hazard_json(h anze.hazard) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    is_told_on constant boolean := anze.hazard_is_told_on(h);
begin
    return anze.hazard_item(h) || jsonb_strip_nulls(jsonb_build_object(
            'found_by', case when not is_told_on then h.found_by end,
            'finding', case when h.record_id is not null then
                jsonb_build_object('record_id', h.record_id, 'number', h.finding_number) end,
            'rectification', nullif(jsonb_strip_nulls(jsonb_build_object('responsible', h.responsible,
                'measures', h.measures, 'budget_cny', h.budget_cny::text, 'due_on', h.due_on,
                'emergency_plan', h.emergency_plan)), '{}'),
            'congress_told_on', h.congress_told_on, 'department_told_at', anze.instant(h.department_told_at),
            'recorded_at', anze.instant(h.recorded_at),
            'actor', case when is_told_on then 'authority' else h.actor end,
            'on_behalf_of', case when not is_told_on then h.on_behalf_of end))
        || jsonb_build_object(
            'evidence', case when is_told_on and h.source in ('tip', 'other_department') then '[]' else h.evidence end,
            'judgements', anze.hazard_judgements_json(h.id),
            'mergers', anze.hazard_mergers_json(h.id),
            'case', (select anze.case_json(c) from anze.case_file c where c.id = h.case_id and anze.case_is_seen(c)));
end
$$;

create or replace function anze.hazard_answer(
    hazard uuid, success text, out status text, out body text, out etag text, out location text)
stable language plpgsql as $$
declare
    h anze.hazard;
begin
    select * into h from anze.hazard x where x.id = hazard and x.found_at = anze.id_moment(hazard);
    status := success;
    body := anze.hazard_json(h)::text;
    etag := anze.etag(h.version, body);
    location := '/v1/hazards/' || h.id;
end
$$;

-- What a group of the statistics is called. A hazard without sector or criterion is in a group without a title.
create or replace function anze.hazard_group_title(group_by text, key text) returns text stable parallel safe
language plpgsql as $$
begin
    return case group_by
        when 'unit' then (select u.name from anze.unit u where u.id = key::uuid)
        when 'region' then (select r.name from anze.region r where r.code = key)
        when 'sector' then (select s.title_zh from anze.sector s where s.code = key)
        when 'criterion' then (select k.title_zh from anze.hazard_criterion k where k.code = key order by k.version desc limit 1)
    end;
end
$$;
