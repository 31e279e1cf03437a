-- anze: no-transaction
-- What a caller declared lately, whichever unit it acted for.
create index concurrently if not exists file_actor_created on anze.file (actor, created_at desc);
