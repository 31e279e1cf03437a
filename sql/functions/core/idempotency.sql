-- Claims the caller's key for this transaction, before the statement runs. Volatile, so that its look at the table
-- comes after the lock: a request that just committed under the same key is seen.
create or replace function anze.claim_key(key text, hash text) returns void language plpgsql
as $$
declare
    kept anze.idempotency_key;
begin
    if not pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\n', anze.actor(),
        coalesce(anze.on_behalf_of(), ''), claim_key.key), 6364136223846793005)) then
        perform anze.refuse('AZ003', '使用相同幂等键的请求正在处理，请稍后重试。',
            'A request with this Idempotency-Key is still running: retry later.');
    end if;
    select * into kept from anze.idempotency_key k where k.actor = anze.actor() and k.key = claim_key.key
        and k.on_behalf_of in (coalesce(anze.on_behalf_of(), ''), E'\n');
    if kept.key is null then
        return;
    end if;
    if kept.operation is distinct from anze.operation() or kept.request_hash is distinct from claim_key.hash then
        perform anze.refuse('AZ002', '该幂等键已用于内容不同的请求。',
            'This Idempotency-Key was used for a request with other content.');
    end if;
    perform anze.refuse('AZ001', '该请求此前已处理。', 'This request was handled before.');
end
$$;

-- Deletes at most `max_rows` keys older than 48 hours, of every caller; returns how many.
create or replace function anze.forget_keys(max_rows integer) returns integer
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    reach_before text := coalesce(anze.reach(), '');
    forgotten integer;
begin
    perform set_config('anze.reach', 'service', true);
    delete from anze.idempotency_key k using (
        select o.actor, o.on_behalf_of, o.key from anze.idempotency_key o
        where o.created_at < now() - interval '48 hours'
        order by o.created_at limit max_rows for update skip locked) old
    where k.actor = old.actor and k.on_behalf_of = old.on_behalf_of and k.key = old.key;
    get diagnostics forgotten = row_count;
    perform set_config('anze.reach', reach_before, true);
    return forgotten;
end
$$;
