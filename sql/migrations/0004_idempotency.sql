-- Idempotency-Key: the answer of each keyed request, stored in the transaction that did the work. A repeat gets the
-- stored answer; the same key for another request is refused.

create table anze.idempotency_key (
    actor text collate "C" not null,
    operation text not null,
    key text collate "C" not null,
    request_hash text not null,
    status text,
    etag text,
    location text,
    body text,
    created_at timestamptz not null default now(),
    constraint idempotency_key_pkey primary key (actor, key),
    constraint idempotency_key_length check (length(key) between 1 and 255)
);
comment on table anze.idempotency_key is 'answers kept for 48 hours under the caller''s own key';
comment on column anze.idempotency_key.request_hash is 'digest of operation, target and body';
comment on constraint idempotency_key_pkey on anze.idempotency_key is
    '该幂等键已使用。 | This Idempotency-Key was used already. | ';
comment on constraint idempotency_key_length on anze.idempotency_key is
    '幂等键应为 1 至 255 个字符。 | An Idempotency-Key has 1 to 255 characters. | ';
create index idempotency_key_age on anze.idempotency_key (created_at);

alter table anze.idempotency_key enable row level security;
alter table anze.idempotency_key force row level security;
create policy idempotency_key_own on anze.idempotency_key using (actor = anze.actor());
-- Forgetting old keys is the owner's work for all callers: a function of his with anze.reach set to service.
create policy idempotency_key_service on anze.idempotency_key to current_user using (anze.reach() = 'service');
grant select, insert on anze.idempotency_key to anze_service;
