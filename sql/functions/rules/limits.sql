-- How small and great a figure may be. Each version of a rule carries its limits, so that a constraint holds them; a
-- trigger takes them from anze.rule_limit (by the longest prefix of the code) and, where that says nothing, from the unit.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.rule_limits_of(rule_code text, unit text,
    out minimum numeric, out maximum numeric, out is_whole boolean, out stricter text)
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    general anze.rule_unit;
    own anze.rule_limit;
begin
    select * into general from anze.rule_unit u where u.code = rule_limits_of.unit;
    select * into own from anze.rule_limit l
    where starts_with(rule_code, l.prefix) order by length(l.prefix) desc limit 1;
    minimum := coalesce(own.minimum, general.minimum, -1e15);
    maximum := coalesce(own.maximum, general.maximum, 1e15);
    is_whole := coalesce(own.is_whole, general.is_whole, false);
    stricter := own.stricter;
end
$$;

create or replace function anze.rule_takes_limits() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    select l.* into new.minimum, new.maximum, new.is_whole, new.stricter from anze.rule_limits_of(new.code, new.unit) l;
    return new;
end
$$;
create or replace trigger rule_takes_limits before insert or update on anze.rule
    for each row execute function anze.rule_takes_limits();

-- Limits that a release changes count for every version at once. An administrator's figure that is now out of them
-- becomes the nearest that is not: the audit keeps what it was.
create or replace function anze.take_rule_limits(codes text[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.rule r
    set value = case when r.value is null then null
                     when l.is_whole then round(greatest(l.minimum, least(l.maximum, r.value)))
                     else greatest(l.minimum, least(l.maximum, r.value)) end
    from (select o.code, o.version, x.* from anze.rule o cross join lateral anze.rule_limits_of(o.code, o.unit) x
          where o.code = any (codes) offset 0) l
    where (r.code, r.version) = (l.code, l.version)
        and (r.minimum, r.maximum, r.is_whole, r.stricter) is distinct from (l.minimum, l.maximum, l.is_whole, l.stricter);
end
$$;

create or replace function anze.rules_follow_limits() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'rule_unit' then
        perform anze.take_rule_limits(array(
            select distinct r.code from anze.rule r where exists (select from changed c where c.code = r.unit)));
    else
        perform anze.take_rule_limits(array(
            select distinct r.code from anze.rule r where exists (select from changed c where starts_with(r.code, c.prefix))));
    end if;
    return null;
end
$$;
create or replace trigger rules_follow_unit after insert on anze.rule_unit referencing new table as changed
    for each statement execute function anze.rules_follow_limits();
create or replace trigger rules_follow_unit_changed after update on anze.rule_unit referencing new table as changed
    for each statement execute function anze.rules_follow_limits();
create or replace trigger rules_follow_limit after insert on anze.rule_limit referencing new table as changed
    for each statement execute function anze.rules_follow_limits();
create or replace trigger rules_follow_limit_changed after update on anze.rule_limit referencing new table as changed
    for each statement execute function anze.rules_follow_limits();

-- The limits of figures as the program ships them.
create or replace function anze.ship_rule_limit(prefix text, minimum numeric default null, maximum numeric default null,
    is_whole boolean default null, stricter text default null) returns void language sql
as $$
    insert into anze.rule_limit as kept (prefix, minimum, maximum, is_whole, stricter)
    values (ship_rule_limit.prefix, ship_rule_limit.minimum, ship_rule_limit.maximum, ship_rule_limit.is_whole,
        ship_rule_limit.stricter)
    on conflict on constraint rule_limit_pkey do update
    set minimum = excluded.minimum, maximum = excluded.maximum, is_whole = excluded.is_whole, stricter = excluded.stricter
    where (kept.minimum, kept.maximum, kept.is_whole, kept.stricter)
        is distinct from (excluded.minimum, excluded.maximum, excluded.is_whole, excluded.stricter)
$$;

-- What a figure breaks, as faults. 1e3 is shown as 1000, 0.50 as 0.5.
create or replace function anze.rule_value_faults(rule_code text, unit text, value numeric) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    l record;
    u anze.rule_unit;
    span text;
begin
    select * into l from anze.rule_limits_of(rule_code, unit);
    span := format('%s … %s', trim_scale(l.minimum), trim_scale(l.maximum));
    select * into u from anze.rule_unit x where x.code = rule_value_faults.unit;
    return '[]'::jsonb || case
        when u.kind = 'truth' and value not in (0, 1) then anze.fault('/value', 'boolean', '该规则的值应为 0 或 1。',
            'This rule is 0 or 1.')
        when value not between l.minimum and l.maximum then anze.fault('/value', 'out-of-limits',
            format('该规则的值应在 %s（%s）之内。', span, u.title_zh), format('This rule is within %s (%s).', span, u.title_en))
        when l.is_whole and value <> trunc(value) then anze.fault('/value', 'not-whole',
            format('该规则的值应为整数（%s）。', u.title_zh), format('This rule is a whole number (%s).', u.title_en))
        else '[]' end;
end
$$;
