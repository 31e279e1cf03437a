-- What one reads of an accident, but for what depends on who reads it and when, kept beside it (functions/accidents/page.sql).

create type anze.accident_page_clock as (
    shown text,
    due_at timestamptz,
    is_owed boolean,
    day date
);

create table anze.accident_law (
    number bigint not null,
    pages_until uuid not null default '00000000-0000-0000-0000-000000000000',
    constraint accident_law_pkey primary key (number)
);
comment on table anze.accident_law is
    '事故依据变更数: one row, which counts changes of the rules and titles that are read with accidents';
comment on column anze.accident_law.pages_until is 'up to which id accidents from before there were pages have got theirs';
comment on constraint accident_law_pkey on anze.accident_law is '只有一行。 | There is one row. | ';
insert into anze.accident_law (number) values (1);

create table anze.accident_page (
    accident_id uuid not null,
    updated_at timestamptz not null,
    law bigint not null,
    body text not null,
    clocks anze.accident_page_clock[] not null,
    choices jsonb not null,
    reporter text not null,
    filed_level smallint not null,
    filed_by text not null,
    filed_for text,
    constraint accident_page_pkey primary key (accident_id),
    constraint accident_page_accident_fkey foreign key (accident_id) references anze.accident
);
comment on table anze.accident_page is '事故阅览页: an accident as it is read, but for what depends on who reads it and when';
comment on column anze.accident_page.updated_at is 'that of the accident of which it was rendered: of another it is old';
comment on column anze.accident_page.law is 'that of the rules and titles by which it was rendered: by another it is old';
comment on column anze.accident_page.body is 'what is read beside what lists show: members of an object';
comment on column anze.accident_page.clocks is
    'in the order of their due times; of what runs (due_at) the present moment says the state and how late it is';
comment on column anze.accident_page.choices is
    'by operation and the rank of the caller''s level (or any), what it lets choose from, as far as it does not depend on who asks';
comment on column anze.accident_page.reporter is 'who filed it, for those from whom that is not kept back; filed_level: which level took it';
comment on column anze.accident_page.filed_by is 'by whose hand it was filed, and on whose behalf (filed_for)';
comment on constraint accident_page_pkey on anze.accident_page is '该事故已有阅览页。 | The accident has its page already. | ';
comment on constraint accident_page_accident_fkey on anze.accident_page is '事故不存在。 | The accident does not exist. | ';

create index accident_page_law on anze.accident_page (law);

-- It is written and read whole, so it stays in one piece in the table's own page; what does not fit there is not compressed.
alter table anze.accident_page set (toast_tuple_target = 8160);
alter table anze.accident_page alter column body set storage external, alter column clocks set storage external;

-- The owner reads and writes it of an accident that the caller sees; nobody else does.
alter table anze.accident_page enable row level security;
alter table anze.accident_page force row level security;
create policy accident_page_owner on anze.accident_page to current_user using (true);

-- What can be done about an accident, as it is read, as far as the choices.
alter table anze.accident_action add column shown text not null generated always as (
    '{"operation_id": "' || operation_id || '", "title_zh": "' || replace(replace(title_zh, '\', '\\'), '"', '\"')
    || '", "title_en": "' || replace(replace(title_en, '\', '\\'), '"', '\"')
    || '", "fields": [' || left(field::text, -1) || ', "choices": ') stored;
comment on column anze.accident_action.shown is 'as it is read, as far as what there is to choose from';
