-- Audit: what changed, by whom, when and on whose behalf, append-only and chained.
--
-- entry: a row per change, written by trigger in the transaction of the change. Writers never wait for each other.
-- link:  the chain over committed entries, seq without gaps, made in batches by the sealer a moment later:
--
--     digest = H(previous digest || seq as 8 bytes, big-endian || canonical bytes of the entry)
--
-- The canonical bytes are the entry's columns from id to change, in the order of the table, each as its UTF-8 text
-- behind its length (4 bytes, big-endian; ffffffff for NULL); `at` is microseconds since 1970, numbers are decimal.
-- The first link's previous digest is 32 zero bytes. A link names its digest, so that the kind can be changed.
--
-- Nobody can stop an administrator from rewriting a whole chain: note its head outside (anze audit head) and hand it
-- back to anze audit verify.

create schema audit;

create sequence audit.entry_id cache 64; -- 64 per session at once: no contention; order holds within a transaction

create table audit.entry (
    id           bigint      not null default nextval('audit.entry_id'),
    xid          xid8        not null default pg_current_xact_id(), -- what one transaction did belongs together
    at           timestamptz not null default clock_timestamp() check (isfinite(at)),
    actor        text        not null,
    on_behalf_of text,
    client       text,
    operation    text,
    request      text,
    trace        text,
    object_type  text        not null,
    object_id    text,
    action       text        not null check (action in ('insert', 'update', 'delete', 'truncate')),
    change       json        not null, -- json, not jsonb: the stored text is what is digested
    primary key (xid, id, at)
) partition by range (at);

comment on table audit.entry is '审计记录: one row per change, by month of the change (Asia/Shanghai)';
comment on column audit.entry.actor is 'subject of the token; of changes made outside the service: login:<database login>';
comment on column audit.entry.object_id is 'primary key of the row, parts joined by /';
comment on column audit.entry.change is
    'insert, delete: the row; update: {"column": {"old": …, "new": …}} of what changed; personal data as "***"';
comment on constraint entry_at_check on audit.entry is '审计时间无效 | An audit time must be finite | /';
comment on constraint entry_action_check on audit.entry is '审计动作无效 | Unknown audit action | /';

create table audit.entry_rest partition of audit.entry default; -- when no month was made in time; normally empty
comment on table audit.entry_rest is '审计记录: changes of months that have no partition';

create table audit.link (
    seq         bigint      primary key check (seq > 0),
    entry_id    bigint      not null unique,
    entry_xid   xid8        not null,
    entry_at    timestamptz not null,
    digest_kind text        not null check (digest_kind in ('sm3', 'sha256')),
    previous    bytea       not null check (octet_length(previous) = 32),
    digest      bytea       not null check (octet_length(digest) = 32)
);

comment on table audit.link is '审计链: the chain over the entries; seq has no gaps';
comment on constraint link_pkey on audit.link is '审计链序号重复 | This link exists already | /seq';
comment on constraint link_entry_id_key on audit.link is '审计记录已入链 | This entry is linked already | /entry_id';
comment on constraint link_seq_check on audit.link is '审计链序号无效 | Links are numbered from 1 | /seq';
comment on constraint link_digest_kind_check on audit.link is '摘要算法无效 | Unknown digest | /digest_kind';
comment on constraint link_previous_check on audit.link is '摘要长度无效 | A digest has 32 bytes | /previous';
comment on constraint link_digest_check on audit.link is '摘要长度无效 | A digest has 32 bytes | /digest';

-- Columns that must not reach the audit as they are: personal data appears as "***" (NULL stays NULL); what is only
-- rendered from other columns is left out.
create table audit.masked_column (
    table_name  text    not null, -- schema.table
    column_name text    not null,
    is_derived  boolean not null default false,
    primary key (table_name, column_name)
);

comment on table audit.masked_column is
    '审计脱敏字段: columns with personal data, and columns left out because they are derived';
comment on constraint masked_column_pkey on audit.masked_column is '该字段已脱敏 | This column is masked already | /';
