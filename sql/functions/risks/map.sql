-- Where risk points are on the map: cells of four sizes, so that what lies in a box is found by an index that has it
-- in the order of the map, the worst first.

-- The cell of a place, one of so many to a degree. Cells of all sizes are different numbers.
create or replace function anze.map_cell(lon numeric, lat numeric, to_a_degree integer) returns integer
immutable parallel safe strict language sql
return (to_a_degree << 24) + floor(lat * to_a_degree)::integer * 32768 + floor(lon * to_a_degree)::integer;

-- Points that are not on the map, ended or without a place, are in the cell 0; NULL: nobody looked yet.
create or replace function anze.risk_point_placed() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    is_shown constant boolean := new.ended_on is null and new.lon is not null;
begin
    new.cell_1 := case when is_shown then anze.map_cell(new.lon, new.lat, 1) else 0 end;
    new.cell_4 := case when is_shown then anze.map_cell(new.lon, new.lat, 4) else 0 end;
    new.cell_16 := case when is_shown then anze.map_cell(new.lon, new.lat, 16) else 0 end;
    new.cell_64 := case when is_shown then anze.map_cell(new.lon, new.lat, 64) else 0 end;
    return new;
end
$$;
create or replace trigger placed before insert or update on anze.risk_point
    for each row execute function anze.risk_point_placed();

-- The cells that cover a box (west, south, east, north), of the smallest size of which at most three times three are
-- needed, and no larger than `widest`; first the one that has most of the box. NULL: the box is too wide for that. No
-- point lies outside of China.
create or replace function anze.map_cells(box numeric[], widest integer) returns integer[]
immutable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    west constant numeric := greatest(box[1], 73);
    south constant numeric := greatest(box[2], 3);
    east constant numeric := least(box[3], 136);
    north constant numeric := least(box[4], 54);
    size integer;
begin
    if west > east or south > north then
        return '{}';
    end if;
    foreach size in array '{64,16,4,1}'::integer[] loop
        exit when size < widest;
        continue when floor(east * size) - floor(west * size) > 2 or floor(north * size) - floor(south * size) > 2;
        return array(select anze.map_cell(x / size, y / size, size)
                     from generate_series(floor(west * size), floor(east * size)) x,
                         generate_series(floor(south * size), floor(north * size)) y
                     order by (least(east * size, x + 1) - greatest(west * size, x))
                         * (least(north * size, y + 1) - greatest(south * size, y)) desc, x, y);
    end loop;
    return null;
end
$$;
