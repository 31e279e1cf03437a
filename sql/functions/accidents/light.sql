-- What of an accident changes its unit's light: noted as with hazards, so that whoever files one waits for no light.

create or replace function anze.accident_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into anze.light_note (unit_id)
        select n.unit_id from after_rows n where n.unit_id is not null and not n.unit_is_declared;
    else
        insert into anze.light_note (unit_id)
        select distinct u.id
        from after_rows n
        join before_rows o on o.id = n.id
        cross join lateral (values (n.unit_id), (o.unit_id)) u(id)
        where u.id is not null and (n.unit_id, n.unit_is_declared, n.grade, n.state, n.is_drill, n.occurred_at)
            is distinct from (o.unit_id, o.unit_is_declared, o.grade, o.state, o.is_drill, o.occurred_at);
    end if;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.accident referencing new table as after_rows
    for each statement execute function anze.accident_lights();
create or replace trigger lights_updated after update on anze.accident
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.accident_lights();
