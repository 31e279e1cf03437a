-- anze: after-functions
-- anze: backfill accident
-- Pages of accidents that were there before. Until an accident has its page, it is rendered when somebody reads it.
with taken as materialized (
    select a.id from anze.accident a
    where not exists (select from anze.accident_page p where p.accident_id = a.id) limit $1 for no key update),
done as (
    select anze.renew_accident_pages_of(array(select t.id from taken t)) as nothing)
select (select count(*) from taken) from done
