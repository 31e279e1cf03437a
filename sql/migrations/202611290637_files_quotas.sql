-- How much of files each may bring, and how large the database is. Both are read by functions alone.
create table anze.file_quota (
    code text collate "C" not null,
    place smallint not null,
    of text collate "C" not null,
    is_unfinished boolean not null,
    span interval not null,
    max_files integer,
    max_bytes bigint,
    title_zh text not null,
    title_en text not null,
    constraint file_quota_pkey primary key (code),
    constraint file_quota_of check (of in ('unit', 'caller')),
    constraint file_quota_figures check (span > interval '0' and max_files >= 0 and max_bytes >= 0)
);
comment on table anze.file_quota is
    '文件配额: how many files and bytes each unit and each caller may bring; figures are the operator''s, and stay';
comment on column anze.file_quota.is_unfinished is 'counts only what is not complete';
comment on column anze.file_quota.span is 'counts what was declared within it, and says when that is free again';
comment on column anze.file_quota.max_files is 'NULL: any number';
comment on column anze.file_quota.max_bytes is 'declared bytes, again for each attempt; NULL: any number';
comment on constraint file_quota_pkey on anze.file_quota is '该配额已存在。 | This quota exists already. | /code';
comment on constraint file_quota_of on anze.file_quota is
    '配额应属于单位或调用方。 | A quota is of a unit or of a caller. | /of';
comment on constraint file_quota_figures on anze.file_quota is
    '配额数值无效。 | The figures of the quota are not valid. | /max_bytes';

create table anze.file_store (
    is_only boolean not null default true,
    max_bytes bigint,
    used_bytes bigint not null default 0,
    measured_at timestamptz not null default '-infinity',
    constraint file_store_pkey primary key (is_only),
    constraint file_store_only check (is_only),
    constraint file_store_figures check (max_bytes >= 0 and used_bytes >= 0)
);
comment on table anze.file_store is
    '存储余量: one row, how large the database may grow by files; what is left of its disk is for reports';
comment on column anze.file_store.max_bytes is 'of the whole database; NULL: files are taken as long as the disk takes them';
comment on column anze.file_store.used_bytes is 'of the whole database, as the sweeper measured it last';
comment on constraint file_store_pkey on anze.file_store is '存储余量只有一行。 | There is one row. | ';
comment on constraint file_store_only on anze.file_store is '存储余量只有一行。 | There is one row. | ';
comment on constraint file_store_figures on anze.file_store is
    '字节数不能为负。 | Bytes are not below nought. | /max_bytes';
insert into anze.file_store default values;
