-- Records, their follow-ups and events as they are shown. Each runs with the rights of whoever asks.

set local check_function_bodies = off; -- functions of this folder may name later ones
-- What lists and reading have in common.
create or replace function anze.duty_record_head(r anze.duty_record) returns jsonb stable parallel safe language plpgsql
as $$
begin
    return (select jsonb_build_object('id', r.id, 'version', r.version, 'kind', r.kind, 'kind_title_zh', k.title_zh,
            'kind_title_en', k.title_en, 'unit', anze.unit_name_json(r.unit_id), 'region_code', r.region_code,
            'sector', r.sector, 'person', anze.person_reference(r.person_id), 'on_day', r.on_day,
            'for_period', r.for_period, 'title', r.title, 'valid_from', lower(r.valid),
            'valid_until', upper(r.valid) - 1, 'published_on', r.published_on, 'replaces', r.replaces,
            'recorded_at', anze.instant(r.recorded_at), 'retracted_at', anze.instant(r.retracted_at),
            'updated_at', anze.instant(r.updated_at))
        from anze.duty_record_kind k where k.code = r.kind);
end
$$;

create or replace function anze.duty_record_item(r anze.duty_record) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(anze.duty_record_head(r) || jsonb_build_object('evidence_kinds', (r).evidence));

-- The obligations that a record serves, and what it lacks to count for each.
create or replace function anze.duty_record_serves(record uuid) returns jsonb stable parallel safe language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(jsonb_build_object('obligation_id', o.id, 'duty', o.duty,
            'duty_version', o.duty_version, 'clause', o.clause, 'title_zh', d.title_zh, 'title_en', d.title_en,
            'period_from', o.period_start, 'period_until', anze.period_last_day(o.period, o.period_start, o.period_end), 'due_at', anze.instant(o.due_at),
            'state', o.state, 'is_late', s.is_late, 'lacking', s.lacking) order by o.due_at, o.id), '[]')
        from anze.obligation_record s
        join anze.obligation o on o.id = s.obligation_id
        join anze.duty d on d.code = o.duty and d.version = o.duty_version
        where s.record_id = record);
end
$$;

create or replace function anze.duty_record_json(r anze.duty_record) returns jsonb stable parallel safe
language plpgsql as $$
begin
    return jsonb_strip_nulls(anze.duty_record_head(r) || jsonb_build_object(
            'published_url', r.published_at_url, 'event_id', r.event_id,
            'replaced_by', (select n.id from anze.duty_record n where n.replaces = r.id),
            'retracted_by', r.retracted_by, 'retraction_reason', r.retraction_reason,
            'actor', r.actor, 'on_behalf_of', r.on_behalf_of,
            'follow_ups', (select coalesce(jsonb_agg(anze.follow_up_head(f) order by f.number), '[]')
                           from anze.follow_up f where f.record_id = r.id),
            'serves', anze.duty_record_serves(r.id)))
        || jsonb_build_object('content', r.content, 'evidence', r.evidence_files);
end
$$;

-- Late while it is open, and for ever where it was done after its day.
create or replace function anze.follow_up_head(f anze.follow_up) returns jsonb stable parallel safe language plpgsql as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('record_id', f.record_id, 'number', f.number, 'version', f.version,
        'kind', f.kind, 'state', f.state, 'matter', f.matter, 'place', f.place, 'severity', f.severity,
        'unit', anze.unit_name_json(f.unit_id), 'responsible', f.responsible, 'due_on', f.due_on, 'done_on', f.done_on,
        'result', f.result, 'overdue', coalesce(coalesce(f.done_on, anze.today()) > f.due_on, false),
        'hazard_id', f.hazard_id, 'updated_at', anze.instant(f.updated_at)));
end
$$;

-- Where it comes from. Whoever must carry it out may know that, and sees no more of the record.
create or replace function anze.follow_up_origin(record uuid) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select jsonb_build_object('id', r.id, 'kind', r.kind, 'title', r.title, 'on_day', r.on_day,
            'unit', anze.unit_name_json(r.unit_id))
        from anze.duty_record r where r.id = record);
end
$$;

create or replace function anze.follow_up_json(f anze.follow_up) returns jsonb stable parallel safe language sql
return anze.follow_up_head(f) || jsonb_build_object('record', anze.follow_up_origin((f).record_id));

create or replace function anze.duty_event_json(e anze.duty_event) returns jsonb stable parallel safe language plpgsql as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object('id', e.id, 'kind', e.kind, 'kind_title_zh', k.title_zh,
            'kind_title_en', k.title_en, 'is_automatic', k.is_automatic, 'unit', anze.unit_name_json(e.unit_id),
            'region_code', e.region_code, 'sector', e.sector, 'occurred_at', anze.instant(e.occurred_at),
            'version', e.version, 'subject', e.subject, 'note', e.note, 'accident_id', e.accident_id,
            'recorded_at', anze.instant(e.recorded_at), 'actor', e.actor, 'on_behalf_of', e.on_behalf_of,
            'withdrawn_at', anze.instant(e.withdrawn_at), 'withdrawn_by', e.withdrawn_by,
            'withdrawal_reason', e.withdrawal_reason))
        from anze.duty_event_kind k where k.code = e.kind);
end
$$;
