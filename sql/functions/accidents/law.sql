-- What the law says about an accident, as functions of its facts and of the rules in force on its day. Nothing here
-- reads or writes an accident.

set local check_function_bodies = off; -- functions of this folder may name later ones
-- The highest grade over the figures that are known. A figure that is absent or null is unknown, which is not zero: while
-- one is (a loss that is not fixed yet), or persons are trapped, or missing and not counted with the dead, the grade is a
-- lower bound. `counted`: so many of the missing count with the dead.
create or replace function anze.accident_grade_of(day date, figures jsonb, counted numeric default 0, out grade smallint,
    out is_lower_bound boolean, out because jsonb)
stable parallel safe language plpgsql as $$
declare
    missing numeric := figures ->> 'missing';
    dead numeric := figures ->> 'deaths';
begin
    if missing > 0 and counted = 0 and anze.rule_value('ACC.GRADE.MISSING', day) = 1 then
        dead := coalesce(dead, 0) + missing;
    elsif counted > 0 then
        dead := coalesce(dead, 0) + counted;
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
        or figures ->> 'direct_loss_cny' is null or coalesce(missing, 0) > counted
        or coalesce((figures ->> 'trapped')::numeric, 0) > 0;
end
$$;

-- What of the law an accident follows: the rule set of its sector, from the day on which the rule ACC.RULESET.… is in force.
create or replace function anze.accident_rule_set(of_sector text, day date) returns text
stable parallel safe language plpgsql as $$
declare
    of_its_own constant text := (select s.rule_set from anze.sector s where s.code = of_sector);
begin
    return case when (anze.rule_in_force('ACC.RULESET.' || upper(of_its_own), day, null)).code is null then 'general'
                else of_its_own end;
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

-- Road traffic and fire have a shorter time. The accident's own category says so, not the unit's sector: a mine's road
-- accident is road traffic, a machine that hurts somebody at a carrier's is none. (A standard without a class of road
-- traffic leaves it to the sector of a vehicle's accident.)
create or replace function anze.accident_is_traffic_or_fire(standard text, category text, sector text) returns boolean
stable parallel safe language plpgsql as $$
#variable_conflict use_column
begin
    return exists (
        select from anze.accident_category c
        where c.standard = accident_is_traffic_or_fire.standard and c.code = accident_is_traffic_or_fire.category
            and c.supplement_kind is not null
            and (c.supplement_sector is null or c.supplement_sector = accident_is_traffic_or_fire.sector));
end
$$;

-- Until when changes of casualties move the grade: 24:00 of the last of 30 days, 7 for road traffic and fire. The day
-- of the accident is not counted.
create or replace function anze.accident_supplement_rule(standard text, category text, sector text) returns text
stable parallel safe language plpgsql as $$
begin
    return case when anze.accident_is_traffic_or_fire(standard, category, sector)
                then 'ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE' else 'ACC.RPT.SUPPLEMENT' end;
end
$$;

-- By which rule persons that are still missing count with the dead, and from when. Nothing on days without such a rule.
create or replace function anze.accident_missing_count(a anze.accident, out since timestamptz, out basis anze.rule)
stable parallel safe language plpgsql as $$
declare
    day constant date := anze.day_of(a.occurred_at);
begin
    basis := anze.rule_in_force(
        case when anze.accident_is_traffic_or_fire(a.category_standard, a.category, a.sector)
             then 'ACC.GRADE.MISSING.AFTER.TRAFFIC.FIRE' else 'ACC.GRADE.MISSING.AFTER' end, day, null);
    since := coalesce(anze.end_of_day(day + basis.value::integer), 'infinity');
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

-- The highest level that a grade calls for, by its rank: where there is no such level, the next above.
create or replace function anze.accident_top_level(grade smallint, day date, of_region text) returns smallint
stable parallel safe language plpgsql as $$
#variable_conflict use_column
declare
    top_rule constant text := (select g.top_rule from anze.accident_grade g where g.rank = accident_top_level.grade);
begin
    return anze.region_level_from(of_region, (anze.rule_on(top_rule, day, of_region)).value::smallint);
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
               grade_to smallint, up_to_top boolean, or_above boolean, if_socially_major boolean, rule text, rule_version integer, immediately boolean,
               allowed numeric, unit text)
stable parallel safe rows 12 language sql as $$
    select c.code, c.from_level, anze.region_level_from(of_region, c.to_level), c.title_zh, c.title_en, c.grade_from,
        c.grade_to, c.up_to_top, c.or_above, c.if_socially_major, r.code, r.version, c.outer_rule is not null, coalesce(o.value, r.value),
        coalesce(o.unit, r.unit)
    from anze.accident_clock_rule c
    cross join lateral anze.rules_in_force(c.rule, day, of_region) r
    left join lateral anze.rules_in_force(c.outer_rule, day, of_region) o on true
    where coalesce(c.rule_set, of_rule_set) = of_rule_set
        and anze.region_has_level(of_region, c.from_level)
$$;

-- The rule by which an accident of this rule set and sector asks that a recipient be told; NULL: none does.
create or replace function anze.accident_recipient_basis(c anze.accident_recipient_rule, of_rule_set text, of_sector text)
returns text immutable parallel safe language plpgsql as $$
begin
    return case when coalesce(c.rule_set, of_rule_set) = of_rule_set then c.rule
                when of_sector = any (c.sectors) then c.else_rule end;
end
$$;

-- Whether the register knows a unit that the caller may not see. The answer is stored, never shown.
create or replace function anze.accident_unit_behind(code text) returns uuid
stable strict security definer language sql
set search_path = pg_catalog, pg_temp
as $$
    select u.id from anze.unit u where u.credit_code = accident_unit_behind.code -- a unit has a code of its own
$$;
