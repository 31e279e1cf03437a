-- anze: no-transaction
-- Of two indexes that are the same one stays.
drop index concurrently if exists anze.unit_bodies;
