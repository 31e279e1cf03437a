-- What an inspection led in person finds to be major becomes a hazard of the unit that was inspected, without anybody entering
-- it again: filed as the finding of that record, judged and rectified as any other.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Findings that the record takes over from its former version keep their hazards. A finding does not say what kind of hazard it
-- is; that it was left to an inspection to find says that of its management.
create or replace function anze.hazard_takes_findings(record uuid) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    r constant anze.duty_record := (select x from anze.duty_record x where x.id = hazard_takes_findings.record);
    f anze.follow_up;
    u anze.unit;
    h anze.hazard;
begin
    if r.kind <> 'led_inspection' then
        return;
    end if;
    update anze.hazard x set record_id = n.record_id, finding_number = n.number
    from anze.follow_up n
    where n.record_id = r.id and x.id = n.hazard_id and x.found_at = anze.id_moment(n.hazard_id);
    for f in
        select x.* from anze.follow_up x
        where x.record_id = r.id and x.kind = 'finding' and x.severity = 'major' and x.state = 'open' and x.hazard_id is null
        order by x.number
    loop
        select * into u from anze.unit x where x.id = f.unit_id and x.kind in ('enterprise', 'enterprise_group', 'site');
        continue when u.id is null or (anze.rule_in_force('HAZ.JUDGE', r.on_day, u.region_code)).code is null;
        h := anze.hazard_given(jsonb_build_object('source', 'record_finding', 'description', f.matter,
            'found_at', anze.end_of_day(r.on_day - 1), 'place', coalesce(f.place, u.name), 'category', 'management',
            'finding', jsonb_build_object('record_id', r.id, 'number', f.number)), u);
        perform anze.need_partition('hazard', h.found_at);
        perform anze.hazard_keep(h);
    end loop;
end
$$;
