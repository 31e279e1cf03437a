-- anze: no-transaction
-- anze: after-functions
create unique index concurrently idempotency_key_once on anze.idempotency_key (actor, key, on_behalf_of);
