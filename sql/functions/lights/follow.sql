-- What lights are judged by changes: figures of the rules that they name, from the day on which a version counts, and the
-- light rules themselves. The units concerned are noted, a batch at a time, and judged like all others.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Units of a place are to be judged anew from a day on, from the first of them where that has begun already. Where nobody is
-- judged yet, nothing of today has to be.
create or replace function anze.add_light_work(day date, place text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    begins_on constant date := greatest(day, anze.today());
begin
    if begins_on > anze.today() or exists (select from anze.duty_work) then
        insert into anze.light_work (begins_on, region_prefix) values (begins_on, coalesce(place, ''))
        on conflict on constraint light_work_once do update set after = default;
    end if;
end
$$;

-- A version that is written, changed or taken back: what is in force changes on the days on which it begins and ends.
create or replace function anze.rule_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform anze.add_light_work(d.day, n.region_prefix)
        from after_rows n cross join lateral (values (lower(n.in_force)), (upper(n.in_force))) d(day)
        where d.day is not null and anze.is_rule_of_lights(n.code);
    else
        perform anze.add_light_work(d.day, n.region_prefix)
        from after_rows n
        join before_rows o on (o.code, o.version) = (n.code, n.version)
        cross join lateral (values
            (case when n.value <> o.value or isempty(n.in_force) then lower(o.in_force) end),
            (case when lower(n.in_force) <> lower(o.in_force) then lower(n.in_force) end),
            (case when upper(n.in_force) is distinct from upper(o.in_force) then upper(n.in_force) end)) d(day)
        where d.day is not null and anze.is_rule_of_lights(n.code);
    end if;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.rule referencing new table as after_rows
    for each statement execute function anze.rule_lights();
create or replace trigger lights_updated after update on anze.rule
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.rule_lights();

-- Whether lights of units are judged by a rule: how far they look back, and what a light rule names.
create or replace function anze.is_rule_of_lights(rule_code text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return rule_code = 'LIGHT.WINDOW' or exists (select from anze.light_rule l where l.threshold_rule = rule_code);
end
$$;

create or replace function anze.light_rule_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.add_light_work(anze.today(), null);
    return null;
end
$$;
create or replace trigger lights_changed after insert or update or delete on anze.light_rule
    for each statement execute function anze.light_rule_lights();

-- A step of the sweep: of one change whose day has come one batch of units.
create or replace function anze.follow_light_rules(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    w anze.light_work;
    noted uuid[];
begin
    select * into w from anze.light_work x where x.begins_on <= anze.today() order by x.id limit 1 for update skip locked;
    if w.id is null then
        return 0;
    end if;
    noted := array(
        select d.unit_id from anze.duty_work d join anze.unit u on u.id = d.unit_id
        where d.unit_id > w.after and starts_with(u.region_code, w.region_prefix)
        order by d.unit_id limit max_rows);
    if noted = '{}' then
        delete from anze.light_work x where x.id = w.id;
        return 1;
    end if;
    insert into anze.light_note (unit_id) select unnest(noted);
    update anze.light_work x set after = noted[cardinality(noted)] where x.id = w.id;
    return max_rows;
end
$$;
