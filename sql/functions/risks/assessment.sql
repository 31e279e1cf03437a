-- Judging a risk: LEC (D = L x E x C) or a matrix of likelihood and severity; the boundaries are rules.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The factors of a method.
create or replace function anze.risk_factors_of(method text) returns text[] immutable parallel safe language sql
return case method when 'lec' then '{likelihood,exposure,consequence}'::text[] else '{likelihood,severity}' end;

-- Each factor has one of the values of its table.
create or replace function anze.risk_factor_faults(given jsonb) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/' || f.name, 'not-in-table', '该取值不在评估取值表内。',
        'The value is not in the table of this factor.') order by f.place), '[]')
    from unnest(anze.risk_factors_of(given ->> 'method')) with ordinality f(name, place)
    where not exists (select from anze.risk_factor x
                      where (x.method, x.factor) = (given ->> 'method', f.name)
                        and x.value = (given ->> f.name)::numeric)
$$;

-- The boundary that a score reaches in a region on a day, the highest; a row of NULLs below all of them.
create or replace function anze.risk_boundary(method text, score numeric, day date, of_region text default null)
returns anze.rule stable language plpgsql as $$
declare
    reached anze.rule;
begin
    select r.* into reached
    from anze.risk_colour c
    cross join lateral anze.rule_on('RISK.' || upper(method) || '.' || upper(c.code), day, of_region) r
    where c.code <> 'blue' and score >= r.value
    order by c.place limit 1;
    return reached;
end
$$;

-- LEC has five grades besides, by colour; the lowest colour has two of them.
create or replace function anze.risk_grade(method text, colour text, score numeric, day date, of_region text default null)
returns smallint stable language sql as $$
    select (c.lec_grade - (c.place = (select max(l.place) from anze.risk_colour l)
                           and score < anze.rule_value('RISK.LEC.GRADE2', day, of_region))::integer)::smallint
    from anze.risk_colour c where method = 'lec' and c.code = risk_grade.colour
$$;

-- Somebody of the level that the colour asks for, or of a higher one, answers for a measure.
create or replace function anze.risk_measure_faults(measures jsonb, colour text) returns jsonb stable language sql as $$
    select case when exists (
        select from jsonb_array_elements(measures) m
        where array_position(l.levels, m ->> 'level') <= array_position(l.levels, c.least_control_level))
    then '[]' else anze.fault('/measures', 'control-level',
        format('%s应由%s级或以上负责管控。', c.title_zh,
            case c.least_control_level when 'company' then '公司' when 'workshop' then '车间'
                                       when 'team' then '班组' else '岗位' end),
        format('%s: somebody at the level of the %s or above answers for its control.', c.title_en,
            c.least_control_level)) end
    from anze.risk_colour c, (select array['company', 'workshop', 'team', 'post'] as levels) l
    where c.code = colour
$$;

create or replace function anze.risk_assessment_day_faults(p anze.risk_point, day date) returns jsonb
stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/assessed_on', f.rule, f.zh, f.en)), '[]')
    from (values
        (day > anze.today(), 'in-future', '评估日期不能晚于今天。', 'Not in the future.'),
        (day < p.assessed_on, 'before-last-assessment', '评估日期不能早于最近一次评估。', 'Not before the last assessment.'),
        ((anze.rule_in_force('RISK.LEC.RED', day, p.region_code)).code is null, 'no-rule-in-force', '该日没有施行中的分级标准。', 'No boundaries were in force on this day.')
    ) f(holds, rule, zh, en)
    where f.holds
$$;

create or replace function anze.assess_risk_point(point uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    p anze.risk_point := anze.risk_point_lock(point, if_match);
    a anze.risk_assessment := jsonb_populate_record(null::anze.risk_assessment, given);
    reached anze.rule;
begin
    if p.ended_on is not null then
        perform anze.refuse_state('该风险点已撤销。', 'The risk point is there no longer.');
    end if;
    perform anze.refuse_all(anze.risk_factor_faults(given) || anze.risk_assessment_day_faults(p, a.assessed_on));
    a.score := a.likelihood * case a.method when 'lec' then a.exposure * a.consequence else a.severity end;
    reached := anze.risk_boundary(a.method, a.score, a.assessed_on, p.region_code);
    a.colour := coalesce(lower(split_part(reached.code, '.', 3)), 'blue');
    perform anze.refuse_all('[]'::jsonb || anze.risk_measure_faults(a.measures, a.colour));
    insert into anze.risk_assessment (point_id, number, assessed_on, method, likelihood, exposure, consequence, severity,
        grade, colour, rule, rule_version, harm, reason, measures, assessor)
    values (p.id, p.assessment_number + 1, a.assessed_on, a.method, a.likelihood, a.exposure, a.consequence, a.severity,
        anze.risk_grade(a.method, a.colour, a.score, a.assessed_on, p.region_code), a.colour, reached.code,
        reached.version, a.harm, a.reason, a.measures, a.assessor);
    update anze.risk_point x
    set colour = a.colour, rank = (select c.place from anze.risk_colour c where c.code = a.colour),
        assessment_number = x.assessment_number + 1, assessed_on = a.assessed_on, version = x.version + 1,
        updated_at = clock_timestamp()
    where x.id = p.id
    returning x.* into p;
    return query select * from anze.risk_point_answer(p, '201');
end
$$;

-- A round of assessment ------------------------------------------------------------------------------------------------

-- What the register of a unit holds on a day: points by colour, and those that were not assessed since the first day.
create or replace function anze.risk_round(unit uuid, since date, day date)
returns table (points bigint, stale bigint, methods text, results jsonb) stable language sql as $$
    select count(*), count(*) filter (where a.assessed_on is null or a.assessed_on < since),
        string_agg(distinct case a.method when 'lec' then '作业条件危险性分析法（LEC）' else '风险矩阵法' end, '、'),
        jsonb_build_object('red', count(*) filter (where a.colour = 'red'),
            'orange', count(*) filter (where a.colour = 'orange'), 'yellow', count(*) filter (where a.colour = 'yellow'),
            'blue', count(*) filter (where a.colour = 'blue'))
    from anze.risk_point p
    left join lateral (select x.assessed_on, x.method, x.colour from anze.risk_assessment x
                       where x.point_id = p.id and x.assessed_on <= day order by x.number desc limit 1) a on true
    where p.unit_id = unit and (p.ended_on is null or p.ended_on > day)
      -- what was registered later was no part of it
      and (anze.day_of(p.created_at) <= day or a.assessed_on is not null)
$$;

-- Files the quarter's assessment as a record of duty, with what the register says. Every point was assessed in it.
create or replace function anze.file_risk_round(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.duty_unit(given);
    day constant date := given ->> 'on_day';
    since constant date := date_trunc('quarter', coalesce((given ->> 'for_period')::date, day));
    r record;
begin
    perform anze.refuse_all('[]'::jsonb || anze.duty_unit_faults(given, u));
    select * into r from anze.risk_round(u.id, since, day);
    if r.points = 0 then
        perform anze.refuse('AZ422', '该单位没有登记风险点。', 'The unit has no risk points.', '/unit_id', 'no-risk-points');
    elsif r.stale > 0 then
        perform anze.refuse('AZ422', format('该季度尚有 %s 个风险点未评估。', r.stale),
            format('%s risk points were not assessed in the quarter.', r.stale), '/on_day', 'not-assessed');
    end if;
    return query select * from anze.file_duty_record(jsonb_strip_nulls(jsonb_build_object(
        'kind', 'risk_assessment', 'unit_id', u.id, 'on_day', day, 'for_period', given -> 'for_period',
        'person_id', given -> 'person_id', 'evidence', given -> 'evidence',
        'title', format('%s年第%s季度安全风险评估', extract(year from since), extract(quarter from since)),
        'content', jsonb_build_object('method', r.methods, 'results', r.results, 'summary', given -> 'summary'))));
end
$$;
