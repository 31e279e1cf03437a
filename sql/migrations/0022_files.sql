-- Evidence files 证据文件.
--
-- A file is declared (name, size, SHA-256, media type), its bytes come in numbered chunks, and completing it checks
-- them. Bytes belong to a content, which goes by the id of the file that brought it; files with the same digest share
-- one content. A file joins an existing content only after all of its own bytes were here: who knows a digest has
-- nothing.

create table anze.file_type (
    media_type text collate "C" not null,
    found text[] not null,
    extensions text[] not null,
    title_zh text not null,
    title_en text not null,
    constraint file_type_pkey primary key (media_type),
    constraint file_type_found check (cardinality(found) > 0 and cardinality(extensions) > 0)
);
comment on table anze.file_type is '文件类型: the media types that evidence may have';
comment on column anze.file_type.found is 'what libmagic calls content of this type';
comment on column anze.file_type.extensions is 'how the names of such files end, in lower case, without the dot';
comment on constraint file_type_pkey on anze.file_type is
    '该文件类型已存在。 | This file type exists already. | /media_type';
comment on constraint file_type_found on anze.file_type is
    '文件类型应有识别结果和扩展名。 | A file type needs what it is found as, and extensions. | ';
grant select on anze.file_type to anze_service;

create table anze.file (
    id uuid not null default gen_random_uuid(),
    unit_id uuid not null,
    region_code text collate "C" not null,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    sector text,
    name text not null,
    size bigint not null,
    sha256 text collate "C" not null,
    media_type text collate "C" not null,
    found_type text collate "C",
    state text not null default 'uploading',
    chunk_size integer not null,
    attempt integer not null default 1,
    content_id uuid not null,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    created_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz,
    constraint file_pkey primary key (id),
    constraint file_unit_fkey foreign key (unit_id) references anze.unit,
    constraint file_region_fkey foreign key (region_code) references anze.region,
    constraint file_sector_fkey foreign key (sector) references anze.sector,
    constraint file_media_type_fkey foreign key (media_type) references anze.file_type,
    constraint file_content_fkey foreign key (content_id) references anze.file,
    constraint file_state check (state in ('uploading', 'complete')),
    constraint file_completed check (
        (state = 'complete') = (completed_at is not null) and (state = 'complete' or content_id = id)),
    constraint file_name_length check (length(name) between 1 and 255),
    constraint file_size check (size > 0 and chunk_size > 0),
    constraint file_sha256_form check (sha256 ~ '^[0-9a-f]{64}$')
);
comment on table anze.file is '证据文件: what was declared of a file, and whether its bytes were checked';
comment on column anze.file.region_code is 'the seat of the unit that uploaded it, when it did';
comment on column anze.file.sector is 'the sector of that unit; NULL: a body';
comment on column anze.file.found_type is 'what libmagic called the content';
comment on column anze.file.attempt is 'counts how often the bytes were thrown away because they did not pass';
comment on column anze.file.content_id is 'whose chunks are the bytes: its own, or those of the first file with this digest';
comment on constraint file_pkey on anze.file is '该文件已存在。 | This file exists already. | /id';
comment on constraint file_unit_fkey on anze.file is '单位不存在。 | The unit does not exist. | ';
comment on constraint file_region_fkey on anze.file is
    '行政区划代码不存在。 | The division code does not exist. | ';
comment on constraint file_sector_fkey on anze.file is '行业领域不存在。 | The sector does not exist. | ';
comment on constraint file_media_type_fkey on anze.file is
    '不接受该文件类型。 | This media type is not taken. | /media_type';
comment on constraint file_content_fkey on anze.file is '文件内容不存在。 | The content does not exist. | ';
comment on constraint file_state on anze.file is
    '文件状态应为 uploading 或 complete。 | The state is uploading or complete. | ';
comment on constraint file_completed on anze.file is
    '只有完成的文件才有完成时间和共用内容。 | Only a complete file has a time of completion and shares content. | ';
comment on constraint file_name_length on anze.file is
    '文件名应为 1 至 255 个字。 | A file name has 1 to 255 characters. | /name';
comment on constraint file_size on anze.file is '文件不能为空。 | A file is not empty. | /size';
comment on constraint file_sha256_form on anze.file is
    '摘要应为 64 位小写十六进制数。 | The digest is 64 hexadecimal digits in lower case. | /sha256';

-- One index per level, in the order of the list.
create index file_province_created on anze.file (province, created_at desc, id desc);
create index file_city_created on anze.file (city, created_at desc, id desc);
create index file_county_created on anze.file (county, created_at desc, id desc);
create index file_town_created on anze.file (town, created_at desc, id desc);
create index file_unit_created on anze.file (unit_id, created_at desc, id desc);
create index file_by_content on anze.file (content_id);
create index file_unfinished on anze.file (created_at) where state = 'uploading';

create table anze.file_content (
    id uuid not null,
    sha256 text collate "C" not null,
    constraint file_content_pkey primary key (id),
    constraint file_content_sha256_key unique (sha256),
    constraint file_content_file_fkey foreign key (id) references anze.file
);
comment on table anze.file_content is '文件内容: the contents that were checked, one per digest';
comment on constraint file_content_pkey on anze.file_content is '该内容已存在。 | This content exists already. | ';
comment on constraint file_content_sha256_key on anze.file_content is
    '该内容已存在。 | This content exists already. | ';
comment on constraint file_content_file_fkey on anze.file_content is '文件不存在。 | The file does not exist. | ';

-- Partitioned by the content's hash and not by time: chunks are read by content alone, a content is shared by files of
-- any time, and what is kept as long as the records that refer to it is never dropped by the month.
create table anze.file_chunk (
    content_id uuid not null,
    number integer not null,
    size integer not null generated always as (octet_length(data)) stored,
    data bytea not null,
    constraint file_chunk_pkey primary key (content_id, number),
    constraint file_chunk_content_fkey foreign key (content_id) references anze.file on delete cascade,
    constraint file_chunk_number check (number >= 0)
) partition by hash (content_id);
comment on table anze.file_chunk is '文件分块: the bytes of a content; chunk n begins at byte n * chunk_size of its file';
comment on constraint file_chunk_pkey on anze.file_chunk is '该分块已存在。 | This chunk exists already. | ';
comment on constraint file_chunk_content_fkey on anze.file_chunk is '文件不存在。 | The file does not exist. | ';
comment on constraint file_chunk_number on anze.file_chunk is
    '分块从 0 开始编号。 | Chunks are numbered from 0. | ';
-- Pictures, films and PDF are compressed already.
alter table anze.file_chunk alter column data set storage external;

do $$
begin
    for n in 0 .. 15 loop
        execute format('create table anze.file_chunk_%s partition of anze.file_chunk
                        for values with (modulus 16, remainder %s)', n, n);
        execute format('alter table anze.file_chunk_%s enable row level security', n);
        execute format('alter table anze.file_chunk_%s force row level security', n);
    end loop;
end
$$;

-- Who sees what ----------------------------------------------------------------------------------------------------

alter table anze.file enable row level security;
alter table anze.file force row level security;
create policy file_seen on anze.file using (anze.can_see_of_unit(region_code, sector, unit_id));
grant select on anze.file to anze_service;

-- Bytes are seen by who sees a file that they belong to. The partitions themselves show nothing to anybody.
alter table anze.file_chunk enable row level security;
alter table anze.file_chunk force row level security;
create policy file_chunk_seen on anze.file_chunk using (
    exists (select from anze.file f where f.content_id = file_chunk.content_id));
grant select on anze.file_chunk to anze_service;

-- Which digests are there is nobody's business: only the owner's own work (completing a file) looks them up.
alter table anze.file_content enable row level security;
alter table anze.file_content force row level security;
create policy file_content_own_work on anze.file_content to current_user using (anze.reach() = 'service');
