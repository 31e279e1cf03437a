-- anze: backfill risk_point
-- What there was before: a point gets its cells and is counted when it is written (the triggers), whatever is written.
with taken as materialized (
    select p.id from anze.risk_point p where p.cell_1 is null limit $1),
done as (
    update anze.risk_point p set cell_1 = 0
    where p.id = any (array(select t.id from taken t)) and p.cell_1 is null returning 1)
select count(*) from taken
