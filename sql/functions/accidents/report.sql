-- Reports after the first: follow-ups, supplements, the final one, and corrections of any of them.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The accident, locked until the transaction ends; If-Match is looked at where the operation takes it. Nothing is done any
-- more about one that was none, or is another.
create or replace function anze.accident_lock(accident uuid) returns anze.accident language plpgsql as $$
declare
    a anze.accident;
begin
    select * into a from anze.accident x where x.id = accident for no key update;
    if a.id is null then
        perform anze.refuse('AZ404', '没有该事故。', 'There is no such accident.');
    elsif anze.accident_is_ended(a.state) then
        perform anze.refuse_state('该事故已撤销或已并入另一事故。', 'The accident is withdrawn, or joined to another.');
    end if;
    return a;
end
$$;

create or replace function anze.accident_lock_matching(accident uuid, if_match text) returns anze.accident
language plpgsql as $$
declare
    a constant anze.accident := anze.accident_lock(accident);
begin
    perform anze.require_version(a.version, if_match);
    return a;
end
$$;

-- Whether what a report tells moves the grade: casualties that count, or a loss.
create or replace function anze.accident_report_moves(a anze.accident, figures jsonb, came_about_at timestamptz,
    as_of timestamptz) returns boolean immutable parallel safe language plpgsql as $$
begin
    return anze.accident_casualties_count(a, came_about_at, as_of) or coalesce(figures ? 'direct_loss_cny', false);
end
$$;

-- The next number of a report, and the derived state after it.
create or replace function anze.accident_take_report(a anze.accident, at timestamptz) returns anze.accident
language plpgsql as $$
begin
    a := anze.accident_regrade(a, a.report_count, at);
    perform anze.accident_plan(a, a.report_count, at);
    a.version := a.version + 1;
    return anze.accident_store(a, at);
end
$$;

create or replace function anze.add_accident_report(accident uuid, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock(accident);
    at constant timestamptz := clock_timestamp();
    told constant timestamptz := coalesce((given ->> 'told_at')::timestamptz, at);
    as_of constant timestamptz := coalesce((given ->> 'as_of')::timestamptz, told);
    came_about_at constant timestamptz := given ->> 'came_about_at';
begin
    if not given ->> 'kind' = any (anze.accident_open_kinds(a.state)) then
        perform anze.refuse_state('终报之后只能补报或更正。',
            'After the final report only supplements and corrections follow.',
            anze.accident_open_kinds(a.state) || 'correction'::text);
    end if;
    perform anze.refuse_all('[]'::jsonb || anze.accident_as_of_faults(a, (given ->> 'as_of')::timestamptz, at)
                            || anze.accident_came_about_faults(a, came_about_at, as_of)
                            || anze.accident_told_faults(a, given, as_of, at));
    a.report_count := a.report_count + 1;
    insert into anze.accident_report (accident_id, number, kind, root, as_of, recorded_at, moves_grade, figures,
        content, reporter_name, reporter_phone, level, came_about_at, told_at, channel)
    values (a.id, a.report_count, given ->> 'kind', a.report_count, as_of, at,
        anze.accident_report_moves(a, given -> 'figures', came_about_at, as_of),
        coalesce(given -> 'figures', '{}'),
        given - '{kind,as_of,came_about_at,told_at,channel,figures,reporter_name,reporter_phone}'::text[],
        given ->> 'reporter_name', given ->> 'reporter_phone', anze.caller_level(), came_about_at,
        (given ->> 'told_at')::timestamptz, given ->> 'channel');
    if given ->> 'kind' = 'final' then
        a.state := 'final';
    end if;
    perform anze.accident_follow_up(a, a.report_count, told, at);
    a := anze.accident_take_report(a, at);
    return query select * from anze.accident_answer(a, '201', '/reports/' || a.report_count);
end
$$;

-- Only the first report has facts beside its figures and narrative.
create or replace function anze.accident_correction_faults(root integer, given jsonb) returns jsonb
immutable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/' || k, 'not-of-this-report', '该报告没有这一项内容。',
        'This report has no such content.') order by k), '[]')
    from jsonb_object_keys(given) k
    where root > 1 and k not in ('reason', 'as_of', 'came_about_at', 'figures', 'narrative')
        or root = 1 and k in ('narrative', 'came_about_at')
$$;

-- The facts with what a correction gives. null takes a fact away; another unit takes the place of the one before. The
-- standard that was given to be sure of it goes with the category and the day that it was given for.
create or replace function anze.accident_corrected_facts(facts jsonb, correction jsonb) returns jsonb
immutable language sql as $$
    select jsonb_strip_nulls(
        (facts - case when correction ?| '{unit_id,unit_credit_code,unit_name}'
                      then '{unit_id,unit_credit_code,unit_name}'::text[] else '{}' end
               - case when correction ?| '{category,occurred_at}' then '{category_standard}'::text[] else '{}' end)
        || correction)
$$;

-- Whether facts that hang on the caller's sight (unit, place, sector) change; if not, they are not looked at again.
create or replace function anze.accident_retake(a anze.accident, correction jsonb, faults jsonb, at timestamptz)
returns anze.accident language plpgsql as $$
declare
    before constant anze.accident := a;
begin
    if correction = '{}' then
        perform anze.refuse_all(faults);
        return a;
    end if;
    if before.unit_is_declared or correction ?| '{unit_id,unit_credit_code,unit_name}'
        or exists (select from anze.unit u where u.id = before.unit_id)
    then
        return anze.accident_take(a, anze.accident_corrected_facts(a.facts, correction), faults, at);
    end if;
    a := anze.accident_take(a, anze.accident_corrected_facts(a.facts, correction || jsonb_build_object(
            'unit_credit_code', before.unit_credit_code, 'unit_name', before.unit_name,
            'sector', coalesce(correction ->> 'sector', before.sector))), faults, at);
    a.unit_is_declared := before.unit_is_declared;
    a.unit_id := before.unit_id;
    a.facts := anze.accident_corrected_facts(before.facts, correction);
    return a;
end
$$;

-- A day across the change of the standard: the same two digits mean another category there, so which one it is must be said.
create or replace function anze.accident_edition_faults(a anze.accident, given jsonb) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/category', 'of-another-standard',
        format('事故发生之日施行的是 %s，请按该标准给出事故类别（原为 %s 的 %s %s%s）。', n.standard, b.standard, b.code, b.title_zh,
            '；同名类别为 ' || same.code),
        format('On that day %s was in force: give the category by it (it was %s %s of %s%s).', n.standard, b.code, b.title_en,
            b.standard, '; of the same name is ' || same.code))), '[]')
    from (select distinct c.standard from anze.accident_category c
          where c.in_force @> anze.day_of((given ->> 'occurred_at')::timestamptz)) n
    join anze.accident_category b on (b.standard, b.code) = (a.category_standard, a.category)
    left join anze.accident_category same on same.standard = n.standard and same.title_zh = b.title_zh
    where n.standard <> a.category_standard and not given ? 'category'
        and exists (select from anze.accident_category x where (x.standard, x.code) = (n.standard, a.category))
$$;

-- The accident with the moment of reception that a correction gives.
create or replace function anze.accident_received(a anze.accident, given jsonb) returns anze.accident
stable language plpgsql as $$
begin
    if a.socially_major_at = a.reported_at then
        a.socially_major_at := coalesce((given ->> 'received_at')::timestamptz, a.reported_at);
    end if;
    a.reported_at := coalesce((given ->> 'received_at')::timestamptz, a.reported_at);
    if not a.facts ? 'learned_at' then
        a.learned_at := a.reported_at;
    end if;
    return a;
end
$$;

-- It was received later than was said: nothing was owed on the days before.
create or replace function anze.accident_first_day_anew(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    first_day constant date := anze.day_of(a.reported_at) + 1;
    owed anze.deadline;
    planned anze.deadline;
begin
    for owed in
        select d.* from anze.deadline d
        where d.subject_id = a.id and d.superseded_at is null and anze.accident_clock_kind(d) = 'daily'
            and (d.details ->> 'day')::date < first_day
    loop
        planned := null;
        if owed.met_at is null or anze.day_of(owed.met_at) >= first_day then
            planned := anze.accident_start_day(a, first_day, report, at);
            update anze.deadline d set met_at = owed.met_at where d.id = planned.id and owed.met_at is not null;
        end if;
        update anze.deadline d set superseded_at = at, because = 'fact_corrected', superseded_by = planned.id
        where d.id = owed.id;
    end loop;
end
$$;

create or replace function anze.correct_accident_report(accident uuid, report_number integer, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    wrong anze.accident_report;
    latest integer;
    as_of timestamptz;
    came_about_at timestamptz;
    correction constant jsonb := given - '{reason,as_of,came_about_at,received_at,figures,narrative}'::text[];
    faults jsonb;
begin
    select * into wrong from anze.accident_report r where r.accident_id = a.id and r.number = report_number;
    if wrong.number is null then
        perform anze.refuse('AZ404', '没有该报告。', 'There is no such report.');
    end if;
    select r.number into latest from anze.accident_latest_reports(a.id) r where r.root = wrong.root;
    if latest <> wrong.number then
        perform anze.refuse_state('该报告已被更正，请更正其最新版本。',
            'This report was corrected already: correct its latest version.', array[latest::text]);
    end if;
    as_of := coalesce((given ->> 'as_of')::timestamptz,
        case when wrong.root = 1 and wrong.as_of = a.reported_at then (given ->> 'received_at')::timestamptz end, wrong.as_of);
    came_about_at := coalesce((given ->> 'came_about_at')::timestamptz, wrong.came_about_at);
    faults := '[]'::jsonb || anze.accident_correction_faults(wrong.root, given)
        || anze.accident_corrected_moment_faults(a, wrong, as_of, given, at)
        || anze.accident_came_about_faults(a, came_about_at, as_of)
        || anze.accident_edition_faults(a, given);
    a := anze.accident_retake(anze.accident_received(a, given), correction, faults, at);
    a.report_count := a.report_count + 1;
    insert into anze.accident_report (accident_id, number, kind, root, corrects, reason, as_of, recorded_at,
        moves_grade, figures, content, level, came_about_at)
    values (a.id, a.report_count, 'correction', wrong.root, wrong.number, given ->> 'reason', as_of, at,
        wrong.root = 1 or anze.accident_report_moves(a, given -> 'figures', came_about_at, as_of),
        coalesce(given -> 'figures', '{}'), given - '{reason,as_of,came_about_at,figures}'::text[], anze.caller_level(),
        came_about_at);
    if given ? 'received_at' then
        perform anze.accident_first_day_anew(a, a.report_count, at);
    end if;
    a := anze.accident_take_report(a, at);
    if correction ? 'occurred_at' then
        perform anze.cases_follow_accident(a.id, a.occurred_at);
    end if;
    return query select * from anze.accident_answer(a, '201', '/reports/' || a.report_count);
end
$$;

-- Whether the caller is whom the report is about, and an authority took it: from whom stays with the authority.
create or replace function anze.accident_is_told_on(r anze.accident_report) returns boolean stable parallel safe
language plpgsql as $$
begin
    return anze.accident_is_told_on(r.level);
end
$$;

create or replace function anze.accident_is_told_on(taken_by_level smallint) returns boolean stable parallel safe
language plpgsql as $$
begin
    return taken_by_level > 0 and coalesce(anze.reach() = 'unit' and anze.caller_level() = 0, false);
end
$$;

create or replace function anze.accident_reporter_json(r anze.accident_report) returns jsonb stable parallel safe
language plpgsql as $$
begin
    return case when anze.accident_is_told_on(r) then '{}' else anze.accident_reporter(r) end;
end
$$;

-- Who filed it, to those from whom it is not kept back.
create or replace function anze.accident_reporter(r anze.accident_report) returns jsonb immutable parallel safe
language plpgsql as $$
begin
    return jsonb_build_object('name', r.reporter_name, 'phone', anze.mask_phone(r.reporter_phone));
end
$$;

create or replace function anze.accident_first_report(accident uuid) returns anze.accident_report
stable language plpgsql as $$
declare
    filed anze.accident_report;
begin
    select r.* into filed from anze.accident_report r where r.accident_id = accident and r.number = 1;
    return filed;
end
$$;

-- A report as it is read: as it was given, never as it was corrected; what corrects it is named. A null among its
-- figures says that it declared the figure unknown.
create or replace function anze.accident_report_json(r anze.accident_report, corrected_by integer) returns jsonb
stable language sql as $$
    select jsonb_strip_nulls(jsonb_build_object('number', r.number, 'kind', r.kind, 'corrects', r.corrects,
            'corrected_by', corrected_by, 'reason', r.reason, 'as_of', anze.instant(r.as_of),
            'came_about_at', anze.instant(r.came_about_at),
            'recorded_at', anze.instant(r.recorded_at), 'moves_grade', r.moves_grade,
            'told_at', case when not anze.accident_is_told_on(r) then anze.instant(r.told_at) end,
            'channel', case when not anze.accident_is_told_on(r) then r.channel end,
            'reporter', anze.accident_reporter_json(r), 'level', anze.level_code(r.level),
            'actor', case when anze.accident_is_told_on(r) then 'authority' else r.actor end,
            'on_behalf_of', case when not anze.accident_is_told_on(r) then r.on_behalf_of end))
        || jsonb_build_object('figures', r.figures, 'content', r.content)
$$;
