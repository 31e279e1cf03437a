-- The figures of the law by the day that counts, and by the region where it happened.

-- A day without a version refuses the request; a rule that does not exist at all is our own mistake.
create or replace function anze.refuse_no_rule(rule_code text, day date) returns void stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from anze.rule r where r.code = rule_code) then
        raise no_data_found using message = format('there is no rule %s', rule_code);
    end if;
    perform anze.refuse('AZ422', format('规则 %s 在 %s 没有施行中的版本。', rule_code, day),
        format('No version of the rule %s is in force on %s.', rule_code, day), '', 'no-rule-in-force');
end
$$;

-- The nation's version of a rule that was in force on a day.
create or replace function anze.rule_on(rule_code text, day date) returns anze.rule
stable parallel safe language plpgsql
as $$
declare
    found_rule anze.rule;
begin
    select * into found_rule from anze.rule r
    where r.code = rule_code and r.in_force @> day and r.region_code is null;
    if found_rule.code is null then
        perform anze.refuse_no_rule(rule_code, day);
    end if;
    return found_rule;
end
$$;

-- The version that counts in a region on a day, if one is in force: the strictest of the nation's and those of the regions that
-- contain it. Which side is the stricter one, the rule says itself. Of a statement that looks up several it becomes a part.
create or replace function anze.rules_in_force(rule_code text, day date, of_region text) returns setof anze.rule
stable parallel safe rows 1 language sql as $$
    select r.* from anze.rule r
    where r.code = rule_code and r.in_force @> day
        and (r.region_code is null or starts_with(of_region, r.region_prefix))
    order by case r.stricter when 'less' then r.value when 'more' then -r.value end, r.region_prefix nulls first
    limit 1
$$;

-- The same alone. NULL: none is in force.
create or replace function anze.rule_in_force(rule_code text, day date, of_region text) returns anze.rule
stable parallel safe language plpgsql
as $$
declare
    found_rule anze.rule;
begin
    select * into found_rule from anze.rules_in_force(rule_code, day, of_region);
    return found_rule;
end
$$;

create or replace function anze.rule_on(rule_code text, day date, of_region text) returns anze.rule
stable parallel safe language plpgsql
as $$
declare
    found_rule anze.rule;
begin
    select * into found_rule from anze.rules_in_force(rule_code, day, of_region);
    if found_rule.code is null then
        perform anze.refuse_no_rule(rule_code, day);
    end if;
    return found_rule;
end
$$;

create or replace function anze.rule_value(rule_code text, day date) returns numeric
stable parallel safe language sql
return (anze.rule_on(rule_code, day)).value;

create or replace function anze.rule_value(rule_code text, day date, of_region text) returns numeric
stable parallel safe language sql
return (anze.rule_on(rule_code, day, of_region)).value;

-- One version of a rule as the program ships it. What an administrator revised stays as it is, whole; what a region set
-- beside the nation's revises nothing.
create or replace function anze.ship_rule(
    code text, version integer, in_force_from date, in_force_until date, title_zh text, title_en text, value numeric,
    unit text, instrument text, article text, confidence text, note_zh text default null, note_en text default null)
returns void language sql
as $$
    insert into anze.rule as kept (code, version, in_force, title_zh, title_en, value, unit, instrument, article,
        confidence, note_zh, note_en, origin)
    select ship_rule.code, ship_rule.version, daterange(in_force_from, in_force_until), ship_rule.title_zh,
        ship_rule.title_en, ship_rule.value, ship_rule.unit, ship_rule.instrument, ship_rule.article,
        ship_rule.confidence, ship_rule.note_zh, ship_rule.note_en, 'shipped'
    where not exists (
        select from anze.rule a where a.code = ship_rule.code and a.origin = 'administrator' and a.region_code is null)
    on conflict on constraint rule_pkey do update
    set in_force = excluded.in_force, title_zh = excluded.title_zh, title_en = excluded.title_en,
        value = excluded.value, unit = excluded.unit, instrument = excluded.instrument, article = excluded.article,
        confidence = excluded.confidence, note_zh = excluded.note_zh, note_en = excluded.note_en
    where (kept.in_force, kept.title_zh, kept.title_en, kept.value, kept.unit, kept.instrument, kept.article,
           kept.confidence, kept.note_zh, kept.note_en)
        is distinct from
          (excluded.in_force, excluded.title_zh, excluded.title_en, excluded.value, excluded.unit, excluded.instrument,
           excluded.article, excluded.confidence, excluded.note_zh, excluded.note_en)
$$;
