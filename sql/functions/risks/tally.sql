-- Sums of risk points in use, by region, sector and colour. Writers append differences, the sweeper folds them.

-- What points count as after a statement, less what they counted as before it. Points from before the sums, which
-- have no cells yet, counted as nothing.
create or replace function anze.risk_tally_inserted() returns trigger security definer language plpgsql
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
create or replace function anze.risk_tally_updated() returns trigger security definer language plpgsql
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
create or replace trigger tally_inserted after insert on anze.risk_point referencing new table as after_rows
    for each statement execute function anze.risk_tally_inserted();
create or replace trigger tally_updated after update on anze.risk_point
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.risk_tally_updated();

create or replace function anze.fold_risks(max_rows integer) returns integer security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.fold('fold_risks', 'risk_tally_delta', 6, max_rows);
end
$$;

create or replace function anze.fold_risks_of(ids bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    with taken as (
        delete from anze.risk_tally_delta d where d.id = any (ids) returning d.*)
    insert into anze.risk_tally as base (region_code, sector, red, orange, yellow, blue, not_assessed)
    select t.region_code, t.sector, sum(t.red), sum(t.orange), sum(t.yellow), sum(t.blue), sum(t.not_assessed)
    from taken t group by 1, 2
    on conflict on constraint risk_tally_pkey do update
    set red = base.red + excluded.red, orange = base.orange + excluded.orange, yellow = base.yellow + excluded.yellow,
        blue = base.blue + excluded.blue, not_assessed = base.not_assessed + excluded.not_assessed;
end
$$;
