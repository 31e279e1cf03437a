-- anze: after-functions
-- anze: backfill accident
-- Pages of accidents that were there before, in the order of their ids, from where it stopped. Until an accident has its page,
-- it is rendered when somebody reads it.
with taken as materialized (
    select a.id from anze.accident a
    where a.id > (select l.pages_until from anze.accident_law l) order by a.id limit $1 for no key update),
done as (
    select anze.renew_accident_pages_of(array(
        select t.id from taken t
        where not exists (select from anze.accident_page p where p.accident_id = t.id))) as nothing),
moved as (
    update anze.accident_law l set pages_until = (select max(t.id::text)::uuid from taken t) where exists (select from taken))
select (select count(*) from taken) from done
