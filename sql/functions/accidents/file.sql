-- Filing: the first report (article 12), and the checks of its facts, which a correction of them goes through again.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The unit: of the register where the caller sees it, else as declared by name and credit code. An illegal pit, a home
-- workshop, a house that somebody builds for himself is no unit: it is declared by what it is, and its sector is another one
-- unless somebody says which; it is tied to a unit by a correction. A unit reports for itself alone.
create or replace function anze.accident_take_unit(inout a anze.accident, inout faults jsonb)
language plpgsql as $$
declare
    seen anze.unit;
    own constant uuid := case when anze.reach() = 'unit' then anze.unit() end;
    named constant uuid := coalesce((a.facts ->> 'unit_id')::uuid, own); -- known first: coalesce keeps the index from being asked
begin
    if a.facts ? 'unit_id' or own is not null and not a.facts ?| '{unit_credit_code,unit_name}' then
        select * into seen from anze.unit u where u.id = named;
        a.unit_id := seen.id;
        a.unit_name := seen.name;
        a.unit_credit_code := seen.credit_code;
        a.unit_is_declared := false;
        a.sector := coalesce(a.facts ->> 'sector', seen.sector);
        if seen.id is null then
            faults := faults || anze.fault('/unit_id', 'unknown-reference', '没有该单位。', 'There is no such unit.');
        end if;
    elsif a.facts ? 'unit_name' then
        a.unit_id := anze.accident_unit_behind(a.facts ->> 'unit_credit_code');
        a.unit_name := a.facts ->> 'unit_name';
        a.unit_credit_code := a.facts ->> 'unit_credit_code';
        a.unit_is_declared := true;
        a.sector := coalesce(a.facts ->> 'sector', case when not a.facts ? 'unit_credit_code' then 'other' end);
    else
        faults := faults || anze.fault('', 'required',
            '请给出 unit_id，或给出 unit_name（有统一社会信用代码的一并给出；没有单位的，写明是什么，如“某村民自建房”，不明的写“不明”）。',
            'Give unit_id, or unit_name, with unit_credit_code where it has one; where there is no unit, say what it is.');
    end if;
    if own is not null and a.unit_id is distinct from own and a.unit_name is not null then
        faults := faults || anze.fault(case when not a.unit_is_declared then '/unit_id'
                when a.unit_credit_code is not null then '/unit_credit_code' else '/unit_name' end,
            'not-own-unit', '单位只能报告本单位的事故。', 'A unit reports its own accidents.');
    end if;
end
$$;

-- Where and what: region, sector and category from the code sets, by the standard in force on the day.
create or replace function anze.accident_code_faults(a anze.accident) returns jsonb stable language plpgsql as $$
declare
    faults jsonb := anze.region_faults(a.region_code, anze.day_of(a.occurred_at), '/region_code');
    region_known constant boolean := faults = '[]';
begin
    if region_known and anze.county_of(a.region_code) is null and not anze.region_is_of_towns(a.region_code) then
        faults := faults || anze.fault('/region_code', 'county-needed', '事故地点应至少具体到县级行政区划。',
            'The place needs a region of county level or below.');
    end if;
    if a.sector is null then
        faults := faults || anze.fault('/sector', 'required', '请给出行业领域。', 'Give the sector.');
    elsif not exists (select from anze.sector s where s.code = a.sector) then
        faults := faults || anze.fault('/sector', 'unknown-reference', '没有该行业领域。', 'There is no such sector.');
    elsif region_known and anze.reach() = 'region' and not anze.can_see(a.region_code, a.sector, a.unit_id) then
        faults := faults || anze.fault('/region_code', 'out-of-scope', '该地点或行业领域不在您的管辖范围内。',
            'This place or sector is outside your scope.');
    end if;
    if a.category_standard is null then
        faults := faults || anze.fault('/category', 'unknown-reference',
            '该类别不属于事故发生之日施行的事故分类标准。',
            'This category is not of the standard in force on the day of the accident.');
    elsif a.facts ->> 'category_standard' <> a.category_standard then
        faults := faults || anze.fault('/category_standard', 'not-in-force', '该标准在事故发生之日未施行。',
            'This standard was not in force on the day of the accident.');
    end if;
    if (a.facts -> 'lon' is null) <> (a.facts -> 'lat' is null) then
        faults := faults || anze.fault(case when a.facts ? 'lon' then '/lat' else '/lon' end, 'required',
            '经度和纬度应同时给出。', 'Longitude and latitude go together.');
    end if;
    return faults;
end
$$;

-- Takes the facts into the accident, or refuses with all their faults and those found before.
create or replace function anze.accident_take(a anze.accident, new_facts jsonb, earlier_faults jsonb, at timestamptz)
returns anze.accident language plpgsql as $$
declare
    taken record;
    faults jsonb := earlier_faults;
begin
    a.facts := new_facts;
    a.occurred_at := new_facts ->> 'occurred_at';
    a.learned_at := coalesce((new_facts ->> 'learned_at')::timestamptz, a.reported_at);
    a.region_code := new_facts ->> 'region_code';
    a.place := new_facts ->> 'place';
    a.category := new_facts ->> 'category';
    a.category_standard := (select c.standard from anze.accident_category c
        where c.code = a.category and c.in_force @> anze.day_of(a.occurred_at));
    taken := anze.accident_take_unit(a, faults);
    taken := anze.accident_take_involved(taken.a, taken.faults);
    a := taken.a;
    faults := taken.faults || anze.accident_place_faults(a) || anze.accident_time_faults(a, at) || anze.accident_code_faults(a);
    perform anze.refuse_all(faults);
    a.socially_major_at := case when (a.facts ->> 'socially_major')::boolean
        then coalesce(a.socially_major_at, case when a.id is null then a.reported_at else at end) end;
    a.rule_set := anze.accident_rule_set(a.sector, anze.day_of(a.occurred_at));
    a.supplement_ends_at := anze.accident_supplement_end(
        a.occurred_at, anze.accident_supplement_rule(a.category_standard, a.category, a.sector));
    return a;
end
$$;

-- Marks recipients as told by the caller's level. Unknown ones are faults; one that was told stays as it was.
create or replace function anze.accident_tell(a anze.accident, notified jsonb, channel text, told_at timestamptz,
    at timestamptz) returns void language plpgsql as $$
declare
    by_level constant smallint := anze.caller_level();
begin
    perform anze.refuse_all((
        select jsonb_agg(anze.fault('/notified/' || n.place - 1, 'unknown-reference', '该层级没有这一通知对象。',
            'This level has no such recipient.') order by n.place)
        from jsonb_array_elements_text(notified) with ordinality n(code, place)
        where n.code not in (select t.code from anze.accident_tellable(a.id, by_level) t)));
    update anze.accident_recipient t
    set told_at = accident_tell.told_at, told_recorded_at = at, channel = accident_tell.channel,
        told_by = coalesce(anze.actor(), 'login:' || session_user), told_on_behalf_of = anze.on_behalf_of()
    where (t.accident_id, t.level, t.code) in (select a.id, x.level, x.code from anze.accident_tellable(a.id, by_level) x)
        and notified ? t.code and t.told_at is null;
end
$$;

-- The first report of a new accident, whose grade and clocks follow from it alone: each row is written once, the
-- accident when everything about it is known. The day of the first report owes no follow-up; the next one does.
create or replace function anze.accident_begin(a anze.accident, given jsonb, level smallint, at timestamptz)
returns anze.accident language plpgsql as $$
declare
    figures constant jsonb := coalesce(given -> 'figures', '{}');
    graded record;
    clocks anze.deadline[];
begin
    graded := anze.accident_graded(a, figures, figures, at);
    a := graded.a;
    clocks := array(
        select d from anze.accident_start_clocks(a,
            array(select w from anze.accident_clocks_wanted(a, 1) w)
            || anze.accident_clock_of_day(a, anze.day_of(a.reported_at) + 1, 1)
            || anze.accident_clock_of_window(a, 1), at) d);
    a := anze.accident_count_clocks(a, clocks);
    a.item := anze.accident_item_of(a);
    insert into anze.accident (id, version, state, unit_id, unit_is_declared, unit_name, unit_credit_code, region_code, sector,
        rule_set, category_standard, category, place, occurred_at, learned_at, reported_at, recorded_at, entry_level, facts,
        deaths, missing, trapped, serious_injuries, minor_injuries, evacuated, at_risk, direct_loss_cny, grade,
        grade_is_lower_bound, endangering, supplement_ends_at, report_count, late_from, due_at, late_seconds, item, updated_at,
        recount_at, is_drill, socially_major_at)
    values (a.id, a.version, a.state, a.unit_id, a.unit_is_declared, a.unit_name, a.unit_credit_code, a.region_code, a.sector,
        a.rule_set, a.category_standard, a.category, a.place, a.occurred_at, a.learned_at, a.reported_at, a.recorded_at,
        a.entry_level, a.facts, a.deaths, a.missing, a.trapped, a.serious_injuries, a.minor_injuries, a.evacuated, a.at_risk,
        a.direct_loss_cny, a.grade, a.grade_is_lower_bound, a.endangering, a.supplement_ends_at, a.report_count, a.late_from,
        a.due_at, a.late_seconds, a.item, a.updated_at, a.recount_at, a.is_drill,
        a.socially_major_at);
    insert into anze.accident_report (accident_id, number, kind, root, as_of, recorded_at, moves_grade, figures,
        content, reporter_name, reporter_phone, level)
    values (a.id, 1, 'first', 1, a.reported_at, at, true, figures, a.facts, given ->> 'reporter_name',
        given ->> 'reporter_phone', level);
    perform anze.accident_keep_grade(a, 1, 1, graded.because, at);
    perform anze.accident_list_recipients(a, at);
    if given ? 'notified' then
        perform anze.accident_tell(a, given -> 'notified', 'system', at, at);
    end if;
    perform anze.accident_keep_page(a, clocks);
    return a;
end
$$;

create or replace function anze.file_accident(given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    at constant timestamptz := clock_timestamp();
    level constant smallint := anze.caller_level();
    a anze.accident;
begin
    perform anze.accident_one_at_a_time(given ->> 'region_code');
    a.version := 1;
    a.state := 'open';
    a.report_count := 1;
    a.reported_at := coalesce((given ->> 'received_at')::timestamptz, at);
    a.recorded_at := at;
    a.updated_at := at;
    a.is_drill := coalesce((given ->> 'is_drill')::boolean, false);
    a.entry_level := anze.accident_entry_level(given ->> 'region_code', level);
    a := anze.accident_take(a, given - '{figures,reporter_name,reporter_phone,received_at,notified,is_drill}'::text[],
                            '[]'::jsonb || anze.accident_reception_faults(given, (given ->> 'occurred_at')::timestamptz, at), at);
    a.id := anze.new_id(a.region_code, at);
    a := anze.accident_begin(a, given, level, at);
    return query select * from anze.accident_answer(a, '201', '');
end
$$;
