-- An administrator's revision of a figure: for the nation, or for one region, where it counts when it is the stricter one.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Whether a version may be taken back by one that begins on a day: an administrator entered it today, or it begins on just
-- that day and that day is not over. What counted on a day that is over stays.
create or replace function anze.rule_can_be_replaced(r anze.rule, starts date) returns boolean
stable parallel safe language sql
as $$
    select r.origin = 'administrator' and lower(r.in_force) >= starts
        and (anze.day_of(r.created_at) = anze.today() or lower(r.in_force) = starts and starts >= anze.today())
$$;

create or replace function anze.rule_revision_faults(model anze.rule, region text, starts date, request jsonb)
returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    faults jsonb := anze.rule_value_faults(model.code, model.unit, (request ->> 'value')::numeric);
begin
    if exists (
        select from anze.rule r
        where r.code = model.code and r.region_code is not distinct from region and lower(r.in_force) >= starts
            and not anze.rule_can_be_replaced(r, starts))
    then
        faults := faults || anze.fault('/in_force_from', 'not-after-running-version',
            '施行日期应晚于现行版本的施行日期；当日录入的版本可以更正。',
            'The new version must begin after the running one began; what was entered today can be corrected.');
    end if;
    if region is not null and model.stricter is null then
        faults := faults || anze.fault('/region_code', 'no-local-figure', '该规则没有从严方向，地区不能另定。',
            'Neither side of this rule is the stricter one: no region has its own.');
    elsif region is not null and not exists (select from anze.region g where g.code = region) then
        faults := faults || anze.fault('/region_code', 'unknown-reference', '没有该行政区划。', 'There is no such region.');
    elsif anze.reach() = 'region' and region is not null and not starts_with(region, anze.region()) then
        faults := faults || anze.fault('/region_code', 'out-of-reach', '不是本地区。', 'It is not of your region.');
    end if;
    if request ? 'instrument' and not exists (select from anze.instrument i where i.code = request ->> 'instrument') then
        faults := faults || anze.fault('/instrument', 'unknown-reference', '法规标准不存在。',
            'The instrument does not exist.');
    end if;
    return faults;
end
$$;

-- Makes room for a version from a day on: what it takes the place of has no days any more, what runs until then ends the
-- day before.
create or replace function anze.rule_make_room(rule_code text, region text, starts date, version integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.rule r set in_force = 'empty', replaced_by = rule_make_room.version
    where r.code = rule_code and r.region_code is not distinct from region and lower(r.in_force) >= starts;
    update anze.rule r set in_force = daterange(lower(r.in_force), starts)
    where r.code = rule_code and r.region_code is not distinct from region
        and lower(r.in_force) < starts and (upper_inf(r.in_force) or upper(r.in_force) > starts);
end
$$;

-- A new version from a day on; the running one ends the day before, one that was entered wrongly is taken back. Nothing of
-- the past changes.
create or replace function anze.revise_rule(rule_code text, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    latest integer;
    model anze.rule;
    starts constant date := (request ->> 'in_force_from')::date;
    region constant text := request ->> 'region_code';
begin
    select r.version into latest from anze.rule r where r.code = rule_code order by r.version desc limit 1 for update;
    if latest is null then
        perform anze.refuse('AZ404', '没有该规则。', 'There is no such rule.');
    end if;
    perform anze.require_version(latest, if_match);
    select * into model from anze.rule r
    where r.code = rule_code and not isempty(r.in_force) and (r.region_code is null or r.region_code = region)
    order by r.region_code nulls last, r.version desc limit 1;
    perform anze.refuse_all(anze.rule_revision_faults(model, region, starts, request));

    perform anze.rule_make_room(rule_code, region, starts, latest + 1);
    insert into anze.rule (code, version, in_force, region_code, title_zh, title_en, value, unit, instrument, article,
        confidence, note_zh, note_en, origin, reason)
    values (model.code, latest + 1, daterange(starts, null), region, model.title_zh, model.title_en,
        (request ->> 'value')::numeric, model.unit, coalesce(request ->> 'instrument', model.instrument),
        coalesce(request ->> 'article', model.article), coalesce(request ->> 'confidence', model.confidence),
        model.note_zh, model.note_en, 'administrator', request ->> 'reason');
    insert into anze.rule_work (code, version) values (model.code, latest + 1); -- deadlines/follow_rule.sql
    return query select '201', anze.rule_history_json(rule_code), (latest + 1)::text, '/v1/rules/' || rule_code;
end
$$;
