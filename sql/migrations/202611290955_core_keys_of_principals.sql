-- A key is of who acts and for whom: two subjects through one actor share none. Rows from before say neither; they have a
-- mark that no token can say (a line break), and answer whoever acts, as they did, until they are forgotten.
alter table anze.idempotency_key add column on_behalf_of text collate "C" not null default E'\n';
alter table anze.idempotency_key alter column on_behalf_of set default coalesce(anze.on_behalf_of(), '');
comment on column anze.idempotency_key.on_behalf_of is 'whom the actor acted for; a line break in rows that are older than this';
drop policy idempotency_key_own on anze.idempotency_key;
create policy idempotency_key_own on anze.idempotency_key
    using (actor = anze.actor() and on_behalf_of in (coalesce(anze.on_behalf_of(), ''), E'\n'));
