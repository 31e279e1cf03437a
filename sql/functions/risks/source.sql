-- Major hazard sources 重大危险源: sites with three responsible persons and the cadence of their checks.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The three persons on a day; who is missing is vacant.
create or replace function anze.hazard_source_persons(site uuid, day date) returns jsonb stable parallel safe
language plpgsql as $$
begin
    return (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('post', t.code, 'title_zh', t.title_zh,
            'title_en', t.title_en, 'vacant', h.person is null, 'person', h.person, 'held_from', h.held_from))
            order by t.place)
        from anze.post t
        left join lateral (
            select jsonb_build_object('id', p.id, 'name', p.name) as person, lower(a.held) as held_from
            from anze.appointment a join anze.person p on p.id = a.person_id
            where a.unit_id = site and a.post = t.code and a.held @> day limit 1) h on true
        where t.code in ('hazard_source_principal', 'hazard_source_technical', 'hazard_source_operational'));
end
$$;

-- What the persons owe now, and how often they missed it in a year.
create or replace function anze.hazard_source_duties(site uuid) returns jsonb stable parallel safe language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('duty', d.code, 'title_zh', d.title_zh,
            'title_en', d.title_en, 'post', d.post, 'period', d.period, 'obligation_id', o.id,
            'period_from', o.period_start, 'period_until', o.period_end - 1, 'due_at', anze.moment(o.due_at),
            'state', anze.obligation_state(o.state, o.due_at, o.missed_from, now()), 'last_done_on', y.last_done_on,
            'missed_in_a_year', coalesce(y.missed, 0))) order by d.code), '[]')
        from anze.duty d
        left join lateral (
            select x.* from anze.obligation x
            where x.unit_id = site and x.duty = d.code and x.state <> 'withdrawn' and x.period_start <= anze.today()
            order by x.period_start desc limit 1) o on true
        left join lateral (
            select max(x.done_on) as last_done_on,
                count(*) filter (where anze.obligation_state(x.state, x.due_at, x.missed_from, now()) = 'missed') as missed
            from anze.obligation x
            where x.unit_id = site and x.duty = d.code and x.due_at > now() - interval '1 year') y on true
        where starts_with(d.code, 'D.BB.') and d.in_force @> anze.today());
end
$$;

create or replace function anze.hazard_source_json(u anze.unit) returns jsonb stable parallel safe language plpgsql as $$
declare
    s anze.hazard_source;
    persons constant jsonb := anze.hazard_source_persons(u.id, anze.today());
begin
    select * into s from anze.hazard_source x where x.unit_id = u.id;
    return jsonb_strip_nulls(jsonb_build_object('unit', anze.unit_reference(u), 'version', coalesce(s.version, 1),
            'region_code', u.region_code, 'sector', u.sector,
            'enterprise', (select anze.unit_reference(e) from anze.unit e where e.id = u.accountable_to),
            'grade', 'R' || s.grade, 'r_value', s.r_value, 'substances', s.substances,
            'record_number', s.record_number, 'graded_on', s.graded_on))
        || jsonb_build_object('persons', persons,
            'vacancies', (select count(*) from jsonb_array_elements(persons) p where (p -> 'vacant')::boolean),
            'duties', anze.hazard_source_duties(u.id));
end
$$;

-- GB 18218: the grade by R, on the day of the grading.
create or replace function anze.hazard_source_grade(r_value numeric, day date) returns smallint stable language sql as $$
    select case when r_value >= anze.rule_value('HAZSOURCE.R1', day) then 1
                when r_value >= anze.rule_value('HAZSOURCE.R2', day) then 2
                when r_value >= anze.rule_value('HAZSOURCE.R3', day) then 3
                else 4 end::smallint
    where r_value is not null
$$;

create or replace function anze.hazard_source_faults(s anze.hazard_source) returns jsonb
stable language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
        from (values
            (s.graded_on > anze.today(), '/graded_on', 'in-future', '定级日期不能晚于今天。', 'Not in the future.'),
            (s.grade is not null and s.graded_on is null, '/graded_on', 'required', '请给出定级日期。',
                'A grade has its day.'),
            (s.r_value is not null and not exists (
                select from anze.rule r where r.code = 'HAZSOURCE.R1' and r.in_force @> s.graded_on),
                '/graded_on', 'no-rule-in-force', '该日没有施行中的定级标准。', 'No standard was in force on this day.')
        ) f(holds, pointer, rule, zh, en)
        where f.holds);
end
$$;

-- A merge patch of what is known of the source. Its grade follows R where R is stated.
create or replace function anze.update_hazard_source(site uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u anze.unit;
    s anze.hazard_source;
    by_r smallint;
begin
    select * into u from anze.unit x
    where x.id = site and x.site_kind = 'major_hazard_source' and anze.can_see_of_unit(x.region_code, x.sector, x.id)
    for no key update;
    if u.id is null then
        perform anze.refuse('AZ404', '没有该重大危险源。', 'There is no such major hazard source.');
    end if;
    select * into s from anze.hazard_source x where x.unit_id = u.id;
    perform anze.require_version(coalesce(s.version, 1), if_match);
    s := jsonb_populate_record(s, given - 'grade');
    if given ? 'grade' then
        s.grade := right(given ->> 'grade', 1)::smallint;
    end if;
    perform anze.refuse_all(anze.hazard_source_faults(s));
    by_r := anze.hazard_source_grade(s.r_value, s.graded_on);
    if given ->> 'grade' is not null and by_r <> s.grade then
        perform anze.refuse('AZ422', format('R 值对应的等级为 R%s。', by_r), format('This R is of grade R%s.', by_r),
            '/grade', 'not-of-r-value');
    end if;
    s.grade := coalesce(by_r, s.grade);
    insert into anze.hazard_source as kept (unit_id, grade, r_value, substances, record_number, graded_on, region_code,
        sector)
    values (u.id, s.grade, s.r_value, s.substances, s.record_number, s.graded_on, u.region_code, u.sector)
    on conflict on constraint hazard_source_pkey do update
    set grade = excluded.grade, r_value = excluded.r_value, substances = excluded.substances,
        record_number = excluded.record_number, graded_on = excluded.graded_on, version = kept.version + 1,
        updated_at = clock_timestamp()
    returning * into s;
    return query select '200', b.body::text, s.version || '.' || left(md5(b.body::text), 12), null::text
    from (select anze.hazard_source_json(u) as body) b;
end
$$;
