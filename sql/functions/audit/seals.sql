-- Audit: sealing entries into the chain. The form of the chain stands in the migrations that create audit.link and seal.

-- True: the caller is the sealer until its transaction ends. One at a time, whichever replica it is.
create or replace function audit.lead() returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select pg_try_advisory_xact_lock(3615029, 1)
$$;

-- The end of the chain; of an empty one seq 0 and 32 zero bytes.
create or replace function audit.head(out seq bigint, out digest bytea)
stable language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    select c.seq, c.digest into seq, digest from audit.chain c order by c.seq desc limit 1;
    if not found then
        seq := 0;
        digest := decode(repeat('00', 32), 'hex');
    end if;
end
$$;

-- How far sealing has come: the last entry in the chain's order, and what a seal says of ids.
create or replace function audit.progress(out last_xid xid8, out last_id bigint, out floor_id bigint, out top_id bigint,
                                          out sealed_at timestamptz)
stable language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select s.entry_xids[cardinality(s.entry_xids)], s.entry_ids[cardinality(s.entry_ids)], s.floor_id, s.top_id,
        s.sealed_at
    into last_xid, last_id, floor_id, top_id, sealed_at
    from audit.seal s order by s.seq desc limit 1;
    if not found then
        select l.entry_xid, l.entry_id, 0, (select max(x.entry_id) from audit.link x), l.entry_at
        into last_xid, last_id, floor_id, top_id, sealed_at
        from audit.link l order by l.seq desc limit 1;
    end if;
    if last_xid is null then
        last_xid := '0';
        last_id := 0;
        floor_id := 0;
        top_id := 0;
        sealed_at := '-infinity';
    end if;
end
$$;

-- The next entries for the chain, in its order. Ids are given before commit, so a transaction that began early may
-- commit late: only what is older than every running transaction is taken (nothing can still appear before it), in
-- the order of (xid, id). After a restore from a dump the transaction ids begin again below the head's: then what was
-- left unsealed comes first, and after it what has a higher id than all that stood there.
-- Not taken, and therefore named by anze audit verify: a number that the sequence has not given yet, and an entry that
-- is dated a week before the last seal, for no transaction takes so long. Hence only the latest months are read.
-- The settings leave one plan: the partitions' indexes in order, so that a batch costs the same however long the chain is.
create or replace function audit.unsealed(max_rows int)
returns table (entry_xid xid8, entry_id bigint, entry_at timestamptz, floor_id bigint, top_id bigint)
stable language plpgsql set search_path = pg_catalog, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off
    set enable_sort = off set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
    p       record;
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    since   timestamptz;
begin
    select * into p from audit.progress();
    since := least(p.sealed_at, clock_timestamp()) - interval '7 days';
    if p.last_xid >= pg_snapshot_xmax(pg_current_snapshot()) then
        if exists (select from audit.entry e where (e.xid, e.id) > (p.last_xid, p.last_id) and e.at > since) then
            horizon := '18446744073709551615';
        else
            p.floor_id := p.top_id;
            p.last_xid := '0';
            p.last_id := 0;
        end if;
    end if;
    return query
        select e.xid, e.id, e.at, p.floor_id, p.top_id
        from audit.entry e
        where (e.xid, e.id) > (p.last_xid, p.last_id)
          and e.xid < horizon
          and e.id > p.floor_id
          and e.id & 68719476735 <= (select s.last_value from audit.entry_id s)
          and e.at > since and e.at < clock_timestamp() + interval '1 hour'
        order by e.xid, e.id
        limit max_rows;
end
$$;

-- One canonical field: length and text. (Stable, as what it calls is: so it is inlined.)
create or replace function audit.field(value text) returns bytea
stable parallel safe language sql as $$
    select case when value is null then '\xffffffff'::bytea
                else int4send(octet_length(value)) || convert_to(value, 'UTF8') end
$$;

-- The next entries as the bytes that are digested.
create or replace function audit.pending(max_rows int) returns table (entry_id bigint, canonical bytea)
stable language sql security definer set search_path = pg_catalog, pg_temp set jit = off as $$
    select e.id,
           audit.field(e.id::text) || audit.field(e.xid::text)
           || audit.field((extract(epoch from e.at) * 1000000)::bigint::text)
           || audit.field(e.actor) || audit.field(e.on_behalf_of) || audit.field(e.client)
           || audit.field(e.operation) || audit.field(e.request) || audit.field(e.trace)
           || audit.field(e.object_type) || audit.field(e.object_id) || audit.field(e.action)
           || audit.field(e.change::text)
    from audit.unsealed(max_rows) u
    cross join lateral (select * from audit.entry x
                        where x.xid = u.entry_xid and x.id = u.entry_id and x.at = u.entry_at
                        limit 1) e -- so that each entry is looked up by its key
    order by u.entry_xid, u.entry_id
$$;

-- Adds the seal of `entries`, which must be exactly the next ones, after the head that the caller computed from; `moment`
-- is now, in microseconds since 1970. So a sealer can neither skip, reorder nor replace; what it digested is checked by
-- anze audit verify.
create or replace function audit.append_seal(head_seq bigint, head_digest bytea, moment bigint, kind text,
                                             entries bigint[], leaves bytea, digest bytea) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    head record;
    next record;
    at   constant timestamptz := timestamptz 'epoch' + moment * interval '1 microsecond';
begin
    perform pg_advisory_xact_lock(3615029, 1);
    select * into head from audit.head();
    if head.seq <> head_seq or head.digest <> head_digest then
        raise exception 'the chain has another head' using errcode = 'serialization_failure';
    end if;
    if entries is null or octet_length(leaves) is distinct from 32 * cardinality(entries)
        or at not between clock_timestamp() - interval '1 minute' and clock_timestamp() then
        raise exception 'this is no seal of now' using errcode = 'serialization_failure';
    end if;
    select array_agg(u.entry_id order by u.place) as ids, array_agg(u.entry_xid order by u.place) as xids,
        array_agg(u.entry_at order by u.place) as times, max(u.floor_id) as floor_id,
        max(greatest(u.top_id, u.entry_id)) as top_id
    into next
    from audit.unsealed(cardinality(entries)) with ordinality u(entry_xid, entry_id, entry_at, floor_id, top_id, place);
    if next.ids is distinct from entries then
        raise exception 'these are not the next entries' using errcode = 'serialization_failure';
    end if;
    insert into audit.seal (seq, sealed_at, entry_ids, entry_xids, entry_times, leaves, floor_id, top_id, digest_kind,
                            previous, digest)
    values (head_seq + 1, at, next.ids, next.xids, next.times, leaves, next.floor_id, next.top_id, kind, head_digest,
            digest);
    return head_seq + 1;
end
$$;
