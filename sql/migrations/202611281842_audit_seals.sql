-- Audit, second form: entries that cannot be told twice, sealed in batches, and a decision about every table.
--
-- entry: its id carries the day on which it was written (Asia/Shanghai) above a number of the sequence:
--        id = (days since 1970-01-01) << 36 | number. So the months' partitions cannot share an id, and an id that does
--        not fit its time is refused. Ids of before this migration have no day; each is unique by its link.
-- link:  the chain as it was made until now, one link for an entry. It stays, and is verified as ever.
-- seal:  the chain from now on, one seal for a batch of entries; its numbers go on after the last link's.
--
--     leaf   = H(canonical bytes of an entry)                 (the canonical bytes are as they were)
--     digest = H(previous digest || seq as 8 bytes || sealed_at in microseconds as 8 bytes || leaves in their order)
--
-- A seal keeps the leaves, and id, transaction and time of each of its entries, so that it names the one that is wrong,
-- and so that the chain can be checked after a month's entries were exported and detached.

alter sequence audit.entry_id maxvalue 68719476735;
alter table audit.entry
    alter column id set default
        extract(day from clock_timestamp() - timestamptz '1970-01-01 00:00:00+08')::bigint << 36 | nextval('audit.entry_id'),
    add constraint entry_id_of_its_day check (
        id >> 36 in (0, extract(day from at - timestamptz '1970-01-01 00:00:00+08')::bigint)) not valid;
comment on constraint entry_id_of_its_day on audit.entry is
    '审计记录编号与时间不符 | The id of an audit entry is of another day | /id';

-- Ids are unique in each partition, hence everywhere. Where entries are already no index is built while others write: a
-- second entry with an id of that month is for anze audit verify to find.
do $$
declare
    partition regclass;
    is_empty  boolean;
begin
    for partition in select inhrelid::regclass from pg_inherits where inhparent = 'audit.entry'::regclass loop
        execute format('select not exists (select from %s)', partition) into is_empty;
        if is_empty then
            execute format('create unique index on %s (id)', partition);
        end if;
    end loop;
end
$$;

create table audit.seal (
    seq         bigint      primary key check (seq > 0),
    sealed_at   timestamptz not null check (isfinite(sealed_at)),
    entry_ids   bigint[]    not null,
    entry_xids  xid8[]      not null,
    entry_times timestamptz[] not null,
    leaves      bytea       not null,
    floor_id    bigint      not null,
    top_id      bigint      not null,
    digest_kind text        not null check (digest_kind in ('sm3', 'sha256')),
    previous    bytea       not null check (octet_length(previous) = 32),
    digest      bytea       not null check (octet_length(digest) = 32),
    constraint seal_whole check (
        cardinality(entry_ids) > 0 and cardinality(entry_xids) = cardinality(entry_ids)
        and cardinality(entry_times) = cardinality(entry_ids) and octet_length(leaves) = 32 * cardinality(entry_ids))
);
alter table audit.seal alter column leaves set storage external; -- read in pieces, and nothing can be compressed in it

comment on table audit.seal is '审计封存: the chain over batches of entries, append-only; seq has no gaps and goes on after link';
comment on column audit.seal.floor_id is
    'entries up to this id are of the time before a restore from a dump, since when transaction ids began again';
comment on column audit.seal.top_id is 'the highest id that was sealed until then';
comment on constraint seal_pkey on audit.seal is '审计封存序号重复 | This seal exists already | /seq';
comment on constraint seal_seq_check on audit.seal is '审计封存序号无效 | Seals are numbered from 1 | /seq';
comment on constraint seal_sealed_at_check on audit.seal is '封存时间无效 | A seal has a finite time | /sealed_at';
comment on constraint seal_whole on audit.seal is '封存不完整 | A seal names each of its entries | /entry_ids';
comment on constraint seal_digest_kind_check on audit.seal is '摘要算法无效 | Unknown digest | /digest_kind';
comment on constraint seal_previous_check on audit.seal is '摘要长度无效 | A digest has 32 bytes | /previous';
comment on constraint seal_digest_check on audit.seal is '摘要长度无效 | A digest has 32 bytes | /digest';
comment on table audit.entry is '审计记录: one row per change, append-only, by month of the change (Asia/Shanghai)';
comment on table audit.link is '审计链: the chain of one link per entry as it was made before seals, append-only; seq has no gaps';

-- The whole chain, in both forms: a link is a batch of one, and what it digests is the entry itself.
create view audit.chain as
    select l.seq, l.digest_kind, l.previous, l.digest, null::timestamptz as sealed_at, array[l.entry_id] as entry_ids,
        array[l.entry_xid] as entry_xids, array[l.entry_at] as entry_times, null::bytea as leaves
    from audit.link l
    union all
    select s.seq, s.digest_kind, s.previous, s.digest, s.sealed_at, s.entry_ids, s.entry_xids, s.entry_times, s.leaves
    from audit.seal s;

-- Months whose entries were exported, compared with the chain, and taken out of audit.entry.
create table audit.detached_month (
    month       date        primary key check (month = date_trunc('month', month)),
    n_entries   bigint      not null,
    file_digest text        not null,
    detached_at timestamptz not null default clock_timestamp()
);
comment on table audit.detached_month is '已导出的审计月份: months whose entries live in a file, append-only';
comment on constraint detached_month_pkey on audit.detached_month is '该月份已导出 | This month is detached already | /month';
comment on constraint detached_month_month_check on audit.detached_month is '月份无效 | A month is its first day | /month';

-- What is decided about each table of the schemas anze and audit: audited, or why not. See sql/data/audit/decisions.sql.
create table audit.decision (
    table_name text    primary key,
    is_audited boolean not null,
    why_not_zh text,
    why_not_en text,
    may_change text[]  not null default '{}',
    constraint decision_reason check (
        is_audited = (why_not_zh is null) and is_audited = (why_not_en is null))
);
comment on table audit.decision is '审计范围: which tables are audited, and why the others are not';
comment on column audit.decision.may_change is 'columns of an append-only table that may change nevertheless';
comment on constraint decision_pkey on audit.decision is '该表已有决定 | This table is decided already | /table_name';
comment on constraint decision_reason on audit.decision is
    '不审计的表必须说明理由 | Only a table that is not audited has a reason, and needs one | /why_not_en';

-- What says append-only is held so by anze.refuse_change() alone. -----------------------------------------------------

comment on table anze.accident_report is
    '事故报告: first, follow-up 续报, supplement 补报, final 终报, correction 更正; append-only';
comment on table anze.accident_grade_change is
    '定级变化: the first grade and every change, with the report that caused it; append-only';
comment on table anze.accident_transmission is '上报: the accident passed up from one level to a higher one; append-only';
comment on table anze.accident_receipt is '签收: the receiving level acknowledges; append-only';
comment on table anze.duty_record is
    '履职记录: what was done, on which day, led by whom; append-only, a wrong one is retracted and written anew';
comment on table anze.voided_appointment is '作废的任职: an appointment that never was; append-only';

-- Triggers of partitions are made by functions, so no file tells that they go.
do $$
declare
    partition regclass;
begin
    for partition in
        select t.tgrelid from pg_trigger t join pg_inherits i on i.inhrelid = t.tgrelid
        where i.inhparent = 'audit.entry'::regclass and t.tgname = 'audit_refuse_truncate'
    loop
        execute format('drop trigger audit_refuse_truncate on %s', partition);
    end loop;
end
$$;
