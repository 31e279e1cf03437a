-- What the law says about an accident, as functions of its facts and of the rules in force on its day. Nothing here
-- reads or writes an accident.

set local check_function_bodies = off; -- functions of this folder may name later ones
-- The highest grade over the figures that are known. A figure that is absent or null is unknown, which is not zero:
-- while one is, or persons are missing, the grade is a lower bound.
create or replace function anze.accident_grade_of(
    day date, figures jsonb, out grade smallint, out is_lower_bound boolean, out because jsonb)
stable parallel safe language plpgsql as $$
declare
    missing numeric := figures ->> 'missing';
    dead numeric := figures ->> 'deaths';
begin
    if missing > 0 and anze.rule_value('ACC.GRADE.MISSING', day) = 1 then
        dead := coalesce(dead, 0) + missing;
    end if;
    select t.grade, anze.rule_basis(r.code, r.version)
                    || jsonb_build_object('dimension', t.dimension, 'figure', f.known, 'from', r.value)
    into grade, because
    from anze.accident_threshold t
    join anze.rule r on r.code = t.rule and r.in_force @> day and r.region_code is null
    cross join lateral (
        select case t.dimension when 'deaths' then dead else (figures ->> t.dimension)::numeric end as known) f
    where f.known >= r.value
    order by t.grade desc, t.dimension = 'deaths' desc, t.dimension desc
    limit 1;
    grade := coalesce(grade, 1);
    is_lower_bound := figures ->> 'deaths' is null or figures ->> 'serious_injuries' is null
        or figures ->> 'direct_loss_cny' is null or coalesce(missing, 0) > 0;
end
$$;

-- What makes it seriously endangering 较大涉险: figures that reach their rule, and what was stated.
create or replace function anze.accident_dangers_of(day date, of_region text, figures jsonb, endangered jsonb)
returns text[]
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (select array(
    select d.code
    from anze.accident_danger d
    cross join lateral anze.rules_in_force(d.rule, day, of_region) r
    where coalesce(endangered, '[]') ? d.code
        or (select sum((accident_dangers_of.figures ->> f)::numeric) from unnest(d.figures) f) >= r.value
    order by d.code));
end
$$;

-- Until when changes of casualties move the grade: 24:00 of the last of 30 days, 7 for road traffic and fire. The day
-- of the accident is not counted.
create or replace function anze.accident_supplement_rule(standard text, category text, sector text) returns text
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (select case
    when exists (select from anze.accident_supplement_sector s where s.sector = accident_supplement_rule.sector)
        or exists (select from anze.accident_category c
                   where c.standard = accident_supplement_rule.standard and c.code = category
                       and c.supplement_kind is not null)
    then 'ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE' else 'ACC.RPT.SUPPLEMENT' end);
end
$$;

create or replace function anze.accident_supplement_end(occurred_at timestamptz, rule_code text) returns timestamptz
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (select anze.end_of_day(
    anze.day_of(occurred_at) + anze.rule_value(rule_code, anze.day_of(occurred_at))::integer));
end
$$;

-- The highest level that a grade calls for, by its rank.
create or replace function anze.accident_top_level(grade smallint, day date, of_region text) returns smallint
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (
        select anze.rule_value(g.top_rule, day, of_region)::smallint from anze.accident_grade g
        where g.rank = accident_top_level.grade);
end
$$;

-- The follow-ups that a grade asks for on each day.
create or replace function anze.accident_daily_rule(grade smallint, day date, of_region text) returns anze.rule
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return (select (select anze.rule_on(g.daily_rule, day, of_region) from anze.accident_grade g where g.rank = grade));
end
$$;

-- Whether a clock of the law applies to a grade of the day.
create or replace function anze.accident_clock_applies(
    grade smallint, day date, of_region text, grade_from smallint, grade_to smallint, up_to_top boolean,
    to_level smallint) returns boolean stable parallel safe language sql as $$
    select grade between grade_from and grade_to
    and (not up_to_top or to_level <= anze.accident_top_level(grade, day, of_region))
$$;

-- The clocks that the law knows for a day, a region and a rule set, with the term that each one allows. A level that the
-- region does not have owes none, and what would go to it goes to the next above.
create or replace function anze.accident_clocks_of(day date, of_region text, of_rule_set text)
returns table (code text, from_level smallint, to_level smallint, title_zh text, title_en text, grade_from smallint,
               grade_to smallint, up_to_top boolean, rule text, rule_version integer, immediately boolean, allowed numeric,
               unit text)
stable parallel safe rows 12 language sql as $$
    select c.code, c.from_level, anze.region_level_from(of_region, c.to_level), c.title_zh, c.title_en, c.grade_from,
        c.grade_to, c.up_to_top, r.code, r.version, c.outer_rule is not null, coalesce(o.value, r.value), coalesce(o.unit, r.unit)
    from anze.accident_clock_rule c
    cross join lateral anze.rules_in_force(c.rule, day, of_region) r
    left join lateral anze.rules_in_force(c.outer_rule, day, of_region) o on true
    where coalesce(c.rule_set, of_rule_set) = of_rule_set
        and anze.region_has_level(of_region, c.from_level)
$$;

-- Whether the register knows a unit that the caller may not see. The answer is stored, never shown.
create or replace function anze.accident_unit_behind(code text) returns uuid
stable strict security definer language sql
set search_path = pg_catalog, pg_temp
as $$
    select u.id from anze.unit u where u.credit_code = accident_unit_behind.code -- a unit has a code of its own
$$;
