-- The risk register: points of a unit, and how they are shown.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Whether the caller sees a point: its own row decides.
create or replace function anze.sees_risk_point(point_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return exists (select from anze.risk_point p where p.id = sees_risk_point.point_id);
end
$$;

-- What lists and reading have in common.
create or replace function anze.risk_point_head(p anze.risk_point) returns jsonb stable parallel safe language plpgsql as $$
begin
    return jsonb_build_object('id', p.id, 'version', p.version, 'unit', anze.unit_name_json(p.unit_id), 'name', p.name,
        'place', p.place, 'activity', p.activity, 'region_code', p.region_code, 'sector', p.sector, 'lon', p.lon,
        'lat', p.lat, 'crs', p.crs, 'ended_on', p.ended_on, 'end_reason', p.end_reason,
        'updated_at', anze.instant(p.updated_at));
end
$$;

create or replace function anze.risk_colour_json(colour text) returns jsonb stable parallel safe language sql as $$
    select jsonb_build_object('colour', c.code, 'colour_title_zh', c.title_zh, 'colour_title_en', c.title_en)
    from anze.risk_colour c where c.code = colour
$$;

create or replace function anze.risk_point_item(p anze.risk_point) returns jsonb stable parallel safe language sql as $$
    select jsonb_strip_nulls(anze.risk_point_head(p) || coalesce(anze.risk_colour_json(p.colour), '{}')
        || jsonb_build_object('assessed_on', p.assessed_on, 'assessments', p.assessment_number))
$$;

create or replace function anze.risk_assessment_json(a anze.risk_assessment) returns jsonb stable parallel safe
language plpgsql as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('number', a.number, 'assessed_on', a.assessed_on, 'method', a.method,
            'likelihood', a.likelihood, 'exposure', a.exposure, 'consequence', a.consequence, 'severity', a.severity,
            'score', a.score, 'grade', a.grade)
        || anze.risk_colour_json(a.colour)
        || jsonb_build_object('basis', (
                select jsonb_build_object('rule', r.code, 'rule_version', r.version, 'at_least', r.value,
                    'instrument', i.title, 'article', r.article, 'confidence', r.confidence)
                    || anze.rule_local_basis(r, a.assessed_on)
                from anze.rule r join anze.instrument i on i.code = r.instrument
                where (r.code, r.version) = (a.rule, a.rule_version)),
            'harm', a.harm, 'reason', a.reason, 'measures', a.measures, 'assessor', a.assessor,
            'recorded_at', anze.instant(a.recorded_at), 'actor', a.actor, 'on_behalf_of', a.on_behalf_of));
end
$$;

-- The point with its history, the latest assessment first. Its colour is that of the day: of the last assessment by then.
create or replace function anze.risk_point_json(p anze.risk_point, day date) returns jsonb stable parallel safe
language plpgsql as $$
declare
    history jsonb;
begin
    history := (select coalesce(jsonb_agg(anze.risk_assessment_json(a) order by a.number desc), '[]')
                from anze.risk_assessment a where a.point_id = p.id and a.assessed_on <= day);
    return jsonb_strip_nulls(anze.risk_point_head(p) || jsonb_build_object('as_of', day,
            'colour', history #>> '{0,colour}', 'colour_title_zh', history #>> '{0,colour_title_zh}',
            'colour_title_en', history #>> '{0,colour_title_en}', 'assessed_on', history #>> '{0,assessed_on}',
            'assessments', jsonb_array_length(history)))
        || jsonb_build_object('history', history);
end
$$;

create or replace function anze.risk_point_answer(
    p anze.risk_point, success text, out status text, out body text, out etag text, out location text)
stable language plpgsql as $$
begin
    status := success;
    body := anze.risk_point_json(p, anze.today())::text;
    etag := p.version::text;
    location := case when success = '201' then '/v1/risk-points/' || p.id end;
end
$$;

-- Where it lies: a region that there is, and where the caller would see the point again.
create or replace function anze.risk_point_faults(p anze.risk_point) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
    from (values
        (not anze.region_holds(p.region_code, anze.today())
            or not anze.can_see_of_unit(p.region_code, p.sector, p.unit_id),
            '/region_code', 'unknown-reference', '没有该行政区划，或不在您的管辖范围内。',
            'There is no such region, or it is outside your scope.'),
        (p.ended_on > anze.today(), '/ended_on', 'in-future', '撤销日期不能晚于今天。', 'Not in the future.'),
        (p.ended_on < p.assessed_on, '/ended_on', 'before-last-assessment', '撤销日期不能早于最近一次评估。',
            'Not before the last assessment.')
    ) f(holds, pointer, rule, zh, en)
    where f.holds
$$;

create or replace function anze.create_risk_point(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.duty_unit(given);
    p anze.risk_point := jsonb_populate_record(null::anze.risk_point, given);
begin
    perform anze.refuse_all('[]'::jsonb || anze.duty_unit_faults(given, u));
    p.unit_id := u.id;
    p.sector := u.sector;
    p.region_code := coalesce(p.region_code, u.region_code);
    perform anze.refuse_all(anze.risk_point_faults(p));
    insert into anze.risk_point (unit_id, name, place, activity, lon, lat, crs, region_code, sector)
    values (p.unit_id, p.name, p.place, p.activity, p.lon, p.lat, p.crs, p.region_code, p.sector)
    returning * into p;
    return query select * from anze.risk_point_answer(p, '201');
end
$$;

-- The point, locked until the transaction ends, at the version that the caller knows.
create or replace function anze.risk_point_lock(point uuid, if_match text) returns anze.risk_point language plpgsql as $$
declare
    p anze.risk_point;
begin
    select * into p from anze.risk_point x
    where x.id = point and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id) for no key update;
    if p.id is null then
        perform anze.refuse('AZ404', '没有该风险点。', 'There is no such risk point.');
    end if;
    perform anze.require_version(p.version, if_match);
    return p;
end
$$;

create or replace function anze.update_risk_point(point uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    p anze.risk_point := anze.risk_point_lock(point, if_match);
begin
    p := jsonb_populate_record(p, given);
    perform anze.refuse_all(anze.risk_point_faults(p));
    update anze.risk_point x
    set name = p.name, place = p.place, activity = p.activity, lon = p.lon, lat = p.lat, crs = p.crs,
        region_code = p.region_code, ended_on = p.ended_on, end_reason = p.end_reason, version = x.version + 1,
        updated_at = clock_timestamp()
    where x.id = p.id
    returning x.* into p;
    return query select * from anze.risk_point_answer(p, '200');
end
$$;

-- Points have the sector of their unit, so that the same callers see both. Those in use go along when it moves; what ended,
-- and what lies elsewhere than its unit did, stays where it was.
create or replace function anze.risk_points_follow() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.risk_point p set sector = t.sector
    from touched t where p.unit_id = t.id and p.sector is distinct from t.sector;
    update anze.risk_point p set region_code = t.region_code
    from touched t join before_rows o on o.id = t.id
    where p.unit_id = t.id and p.ended_on is null and p.region_code = o.region_code and t.region_code <> o.region_code;
    update anze.hazard_source s set region_code = t.region_code, sector = t.sector
    from touched t
    where s.unit_id = t.id and (s.region_code, s.sector) is distinct from (t.region_code, t.sector);
    return null;
end
$$;
create or replace trigger risk_points_follow after update on anze.unit
    referencing old table as before_rows new table as touched
    for each statement execute function anze.risk_points_follow();
