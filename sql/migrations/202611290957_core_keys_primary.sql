-- anze: after-functions
alter table anze.idempotency_key drop constraint idempotency_key_pkey;
alter table anze.idempotency_key add constraint idempotency_key_pkey primary key using index idempotency_key_once;
comment on constraint idempotency_key_pkey on anze.idempotency_key is
    '该幂等键已使用。 | This Idempotency-Key was used already. | ';
