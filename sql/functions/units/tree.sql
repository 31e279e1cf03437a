-- What stood where on a day: the trees and the history of units. With the caller's rights: row-level security decides
-- what of them is seen.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Level by level: the recursion works breadth first, and the limit ends it.
create or replace function anze.accountability_tree(root uuid, levels integer, day date) returns text
stable language plpgsql as $$
begin
    return (
        with recursive below(id, kind, name, accountable_to, region_code, zone_id, depth) as (
            select s.unit_id, s.kind, s.name, null::uuid, s.region_code, s.zone_id, 0
            from anze.unit_span s where s.unit_id = root and s.during @> day
            union all
            select c.unit_id, c.kind, c.name, b.id, c.region_code, c.zone_id, b.depth + 1
            from below b cross join lateral (
                -- offset 0: one look into the index per unit, instead of a hash of all units
                select s.unit_id, s.kind, s.name, s.region_code, s.zone_id from anze.unit_span s
                where s.accountable_to = b.id and s.during @> day offset 0) c
            where b.depth < levels),
        first as (select * from below limit 501),
        shown as (select * from first order by depth, name, id limit 500)
        select jsonb_build_object('on', day, 'by', 'accountability',
            'units', jsonb_agg(jsonb_strip_nulls(to_jsonb(shown)) order by depth, name, id),
            'truncated', (select count(*) > 500 from first))::text
        from shown having count(*) > 0);
end
$$;

-- By territory: the regions in that of the unit's seat, the units seated in each, and those that lie in a zone below
-- the zone. Under a zone: what lies in it. Under an enterprise or a site: itself.
create or replace function anze.territory_tree(root uuid, levels integer, day date) returns text
stable language plpgsql as $$
declare
    top anze.unit_span;
begin
    select * into top from anze.unit_span s where s.unit_id = root and s.during @> day;
    return (
        with recursive area(code, name, level, parent_code, depth) as (
            select r.code, r.name, r.level, null::text collate "C", 0 from anze.region r
            where r.code = top.region_code and top.is_body and top.kind not in ('management_zone', 'chemical_park')
            union all
            select r.code, r.name, r.level, a.code, a.depth + 1
            from area a join anze.region r on r.parent_code = a.code and r.in_force @> day
            where a.depth < levels),
        inside(id, kind, name, accountable_to, region_code, zone_id, depth) as (
            (select s.unit_id, s.kind, s.name, s.accountable_to, s.region_code, s.zone_id, a.depth + 1
             from area a cross join lateral (
                select x.* from anze.unit_span x
                where x.region_code = a.code and x.during @> day and x.zone_id is null and x.unit_id <> root offset 0) s
             where a.depth < levels
             union all
             select top.unit_id, top.kind, top.name, top.accountable_to, top.region_code, top.zone_id, 0
             where top.unit_id is not null)
            union all
            select s.unit_id, s.kind, s.name, s.accountable_to, s.region_code, s.zone_id, i.depth + 1
            from inside i cross join lateral (
                select x.* from anze.unit_span x where x.zone_id = i.id and x.during @> day offset 0) s
            where i.depth < levels),
        first as (select * from inside limit 501),
        shown as (select * from first order by depth, name, id limit 500)
        select jsonb_build_object('on', day, 'by', 'territory',
            'regions', (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(a)) order by a.depth, a.code), '[]')
                        from (select * from area limit 500) a),
            'units', jsonb_agg(jsonb_strip_nulls(to_jsonb(shown)) order by depth, name, id),
            'truncated', (select count(*) > 500 from first) or (select count(*) > 500 from area))::text
        from shown having count(*) > 0);
end
$$;

create or replace function anze.unit_span_json(s anze.unit_span) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(to_jsonb(s) - '{unit_id,during,is_body,recorded_at}'::text[]
    || jsonb_build_object('from', lower((s).during), 'until', upper((s).during), 'recorded_at', anze.instant((s).recorded_at)));

-- What a unit was and what happened to it, the latest first, at most 200 of each; NULL where the unit is not seen.
create or replace function anze.unit_history_json(shown uuid) returns jsonb stable language plpgsql as $$
begin
    return (
        select jsonb_build_object('unit', anze.unit_reference(u),
            'spans', (
                select jsonb_agg(anze.unit_span_json(s) order by s.during desc) from (
                    select x.* from anze.unit_span x where x.unit_id = shown order by x.during desc limit 200) s),
            'events', (
                select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', e.kind, 'on', e.on_day,
                        'document_number', e.document_number, 'note', e.note, 'recorded_at', anze.instant(e.recorded_at),
                        'actor', e.actor, 'on_behalf_of', e.on_behalf_of,
                        'others', (select coalesce(jsonb_agg(anze.unit_reference(o) order by o.name, o.id), '[]')
                                   from anze.unit o where o.id = any (e.others))))
                    order by e.on_day desc, e.recorded_at desc, e.kind), '[]')
                from (select x.* from anze.unit_event x where x.unit_id = shown
                      order by x.on_day desc, x.recorded_at desc limit 200) e),
            'truncated', (select count(*) > 200 from anze.unit_span x where x.unit_id = shown)
                or (select count(*) > 200 from anze.unit_event x where x.unit_id = shown))
        from anze.unit u where u.id = shown);
end
$$;
