-- Risk points are found on the map by cells, and counted by sums.
--
-- cell_1, cell_4, cell_16, cell_64   of a point: where it is on the map, by cells of a degree, a quarter of one …
-- risk_tally                         how many points in use a region and sector has, by colour
-- risk_tally_delta                   differences that are not folded into it yet, written with each change of points
--
-- A column that is generated would rewrite the table while nobody reads it. The triggers are here as well as among the
-- functions, so that what there was before is gone through (the next step) before anybody reads cells and sums: a point
-- counts from its first cell on.

alter table anze.risk_point add column cell_1 integer, add column cell_4 integer, add column cell_16 integer,
    add column cell_64 integer;
comment on column anze.risk_point.cell_1 is
    'the cell of one degree in which it is on the map (anze.map_cell); 0: it is not, being ended or without a place';
comment on column anze.risk_point.cell_4 is 'likewise, of a quarter of a degree, some 25 km';
comment on column anze.risk_point.cell_16 is 'likewise, of a sixteenth of a degree, some 6 km';
comment on column anze.risk_point.cell_64 is 'likewise, of a sixty-fourth of a degree, some 1.5 km';
insert into audit.masked_column (table_name, column_name, is_derived)
values ('anze.risk_point', 'cell_1', true), ('anze.risk_point', 'cell_4', true), ('anze.risk_point', 'cell_16', true),
    ('anze.risk_point', 'cell_64', true);

create table anze.risk_tally (
    region_code text collate "C" not null,
    sector text not null,
    red bigint not null,
    orange bigint not null,
    yellow bigint not null,
    blue bigint not null,
    not_assessed bigint not null,
    constraint risk_tally_pkey primary key (region_code, sector)
);
comment on table anze.risk_tally is '风险点统计: sums of the points in use; "" where there is no sector';
comment on constraint risk_tally_pkey on anze.risk_tally is '该统计已存在。 | This sum exists already. | ';

create table anze.risk_tally_delta (
    region_code text collate "C" not null,
    sector text not null,
    red bigint not null,
    orange bigint not null,
    yellow bigint not null,
    blue bigint not null,
    not_assessed bigint not null,
    id bigint generated always as identity (cache 100),
    constraint risk_tally_delta_pkey primary key (id)
);
comment on table anze.risk_tally_delta is '风险点统计增量: differences that are not folded yet';
comment on constraint risk_tally_delta_pkey on anze.risk_tally_delta is
    '该增量已存在。 | This difference exists already. | ';

alter table anze.risk_tally enable row level security;
alter table anze.risk_tally force row level security;
create policy risk_tally_seen on anze.risk_tally for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy risk_tally_owner on anze.risk_tally to current_user using (true);
alter table anze.risk_tally_delta enable row level security;
alter table anze.risk_tally_delta force row level security;
create policy risk_tally_delta_seen on anze.risk_tally_delta for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy risk_tally_delta_owner on anze.risk_tally_delta to current_user using (true);
grant select on anze.risk_tally, anze.risk_tally_delta to anze_service;

create function anze.map_cell(lon numeric, lat numeric, to_a_degree integer) returns integer
immutable parallel safe strict language sql
return (to_a_degree << 24) + floor(lat * to_a_degree)::integer * 32768 + floor(lon * to_a_degree)::integer;

create function anze.risk_point_placed() returns trigger language plpgsql
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
create trigger placed before insert or update on anze.risk_point
    for each row execute function anze.risk_point_placed();

create function anze.risk_tally_inserted() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.risk_tally_delta (region_code, sector, red, orange, yellow, blue, not_assessed)
    select p.region_code, coalesce(p.sector, ''), count(*) filter (where p.rank = 0),
        count(*) filter (where p.rank = 1), count(*) filter (where p.rank = 2), count(*) filter (where p.rank = 3),
        count(*) filter (where p.rank = 4)
    from after_rows p
    where p.ended_on is null
    group by 1, 2;
    return null;
end
$$;
create function anze.risk_tally_updated() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.risk_tally_delta (region_code, sector, red, orange, yellow, blue, not_assessed)
    select d.*
    from (
        select p.region_code, coalesce(p.sector, ''), coalesce(sum(p.sign) filter (where p.rank = 0), 0) as red,
            coalesce(sum(p.sign) filter (where p.rank = 1), 0) as orange,
            coalesce(sum(p.sign) filter (where p.rank = 2), 0) as yellow,
            coalesce(sum(p.sign) filter (where p.rank = 3), 0) as blue,
            coalesce(sum(p.sign) filter (where p.rank = 4), 0) as not_assessed
        from (select b.region_code, b.sector, b.rank, -1 as sign from before_rows b
              where b.ended_on is null and b.cell_1 is not null
              union all
              select a.region_code, a.sector, a.rank, 1 from after_rows a where a.ended_on is null) p
        group by 1, 2) d
    where (d.red, d.orange, d.yellow, d.blue, d.not_assessed) <> (0, 0, 0, 0, 0);
    return null;
end
$$;
create trigger tally_inserted after insert on anze.risk_point referencing new table as after_rows
    for each statement execute function anze.risk_tally_inserted();
create trigger tally_updated after update on anze.risk_point
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.risk_tally_updated();
