-- anze: with-functions
-- One clock, one telling. Whatever runs against a time is of a subject (anze.subject); anze.deadline has every clock of
-- cases and accidents, and a notice names what it tells of by (subject, subject_id).

-- Subjects ---------------------------------------------------------------------------------------------------------------

create table anze.subject (
    code text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    clocks text collate "C",
    read_scope text,
    place smallint not null,
    constraint subject_pkey primary key (code),
    constraint subject_place_key unique (place),
    constraint subject_code_form check (code ~ '^[a-z][a-z_]{1,40}$'),
    constraint subject_clocks check (clocks in ('obligation', 'deadline'))
);
comment on table anze.subject is
    '事项: what notices tell of and deadlines are of; its functions are found by its code (sql/README.md, Subjects)';
comment on column anze.subject.clocks is 'the table that has its clocks; NULL: nothing of it is owed by a time';
comment on column anze.subject.read_scope is 'what its deadlines ask for in the list of deadlines, beside cases:read';
comment on column anze.subject.place is 'the order in which the sweeper tells of them';
comment on constraint subject_pkey on anze.subject is '该事项已登记。 | This subject is registered already. | /code';
comment on constraint subject_place_key on anze.subject is '次序重复。 | The place is taken. | /place';
comment on constraint subject_code_form on anze.subject is '事项代码格式不正确。 | The code has the wrong form. | /code';
comment on constraint subject_clocks on anze.subject is
    '时限所在不在代码表内。 | Where its clocks are is not in the code set. | /clocks';
grant select on anze.subject to anze_service;
insert into anze.subject (code, title_zh, title_en, clocks, read_scope, place) values
    ('accident', '事故', 'Accident', 'deadline', 'accidents:read', 1),
    ('case', '案件', 'Case', 'deadline', null, 2),
    ('obligation', '履职任务', 'Obligation', 'obligation', 'duties:read', 3);

-- Deadlines of every subject ---------------------------------------------------------------------------------------------

alter table anze.deadline disable trigger user;

alter table anze.deadline drop constraint deadline_case_fkey, drop constraint deadline_order;
alter table anze.deadline rename column case_id to subject_id;
drop policy deadline_seen on anze.deadline;
drop index anze.deadline_one_running;
drop index anze.deadline_case;
alter table anze.deadline drop column is_running; -- its expression changes; the indexes that name it go with it
alter table anze.deadline
    add column subject text collate "C" not null default 'case',
    add column is_owed boolean not null default true,
    add column planned_at timestamptz not null default clock_timestamp(),
    add column superseded_by uuid,
    add column because text,
    add column details jsonb not null default '{}',
    add column is_running boolean not null
        generated always as (met_at is null and superseded_at is null and is_owed) stored,
    add column late interval generated always as (case
        when not is_owed or because = 'fact_corrected' then null
        when coalesce(met_at, superseded_at) > due_at then coalesce(met_at, superseded_at) - due_at end) stored,
    alter column owed_by drop not null;
alter table anze.deadline alter column subject drop default;
update anze.deadline set planned_at = starts_at; -- when they were planned was not kept

-- The clocks of accidents, with the ids by which lists and notices name them, and the numbers that accidents show.
do $$
begin
    perform set_config('anze.reach', 'service', true);
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        met_at, superseded_at, superseded_by, because, is_owed, planned_at, owed_by, next_notice_at, region_code, sector,
        details)
    select c.reference, 'accident', c.accident_id, c.code, coalesce(k.title_zh, r.title_zh), coalesce(k.title_en, r.title_en),
        c.starts_at, c.due_at, c.rule, c.rule_version, c.met_at, c.superseded_at, n.reference, c.because, c.kind <> 'window',
        c.planned_at, c.unit_id, c.next_notice_at, c.region_code, c.sector,
        jsonb_strip_nulls(jsonb_build_object('number', c.id, 'kind', c.kind, 'immediately', c.immediately,
            'from_level', c.from_level, 'to_level', c.to_level, 'day', c.day, 'required', c.required,
            'starts_from', c.starts_from, 'report_number', c.report_number))
    from anze.accident_clock c
    join anze.rule r on (r.code, r.version) = (c.rule, c.rule_version)
    left join anze.accident_clock_rule k
        on c.kind = 'report' and (k.code, k.from_level, k.to_level) = (c.code, c.from_level, c.to_level)
    left join anze.accident_clock n on n.id = c.superseded_by;
    perform set_config('anze.reach', '', true);
end
$$;
alter table anze.deadline enable trigger user;

alter table anze.deadline
    add constraint deadline_subject_fkey foreign key (subject) references anze.subject,
    add constraint deadline_order check (isfinite(starts_at) and due_at >= starts_at
        and (subject <> 'case' or due_at > starts_at)),
    add constraint deadline_details check (jsonb_typeof(details) = 'object');
comment on table anze.deadline is '时限: every clock of every case and accident, planned once, then only met or superseded';
comment on column anze.deadline.subject is 'what it is a clock of (anze.subject); subject_id: which one';
comment on column anze.deadline.owed_by is
    'whose it is in lists: who owes it; of an accident its unit, whoever passes it up. NULL: not in the register';
comment on column anze.deadline.is_owed is 'false: a time within which something may be done; nobody is late in it';
comment on column anze.deadline.because is 'why it was superseded, where that is told apart';
comment on column anze.deadline.late is 'by how much it ran out before it ended';
comment on column anze.deadline.details is
    'what only its subject knows of it; of an accident: number, kind, immediately, from_level, to_level, day, required, '
    'starts_from, report_number';
comment on constraint deadline_subject_fkey on anze.deadline is '事项未登记。 | The subject is not registered. | ';
comment on constraint deadline_order on anze.deadline is '到期应晚于起算。 | It is due after it starts. | /due_on';
comment on constraint deadline_details on anze.deadline is '详情应为对象。 | The details are an object. | ';
create unique index deadline_one_running on anze.deadline (subject_id, clock)
    where subject = 'case' and met_at is null and superseded_at is null;
create index deadline_province_running on anze.deadline (province, subject, due_at, id) where is_running;
create index deadline_city_running on anze.deadline (city, subject, due_at, id) where is_running;
create index deadline_county_running on anze.deadline (county, subject, due_at, id) where is_running;
create index deadline_town_running on anze.deadline (town, subject, due_at, id) where is_running;
create index deadline_owed_by on anze.deadline (owed_by, subject, due_at, id) where is_running;
create index deadline_of_subject on anze.deadline (subject_id, due_at);
create index deadline_notice on anze.deadline (subject, next_notice_at) where is_running and next_notice_at < 'infinity';

-- Declared here so that the policy can name it; its body is in sql/functions/core/access.sql.
create function anze.sees_deadline(subject text, subject_id uuid, region_code text, sector text, owed_by uuid) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
create policy deadline_seen on anze.deadline for select to anze_service
    using (anze.sees_deadline(subject, subject_id, region_code, sector, owed_by));

-- Accidents are written with their caller's rights, and their clocks with them.
create policy deadline_of_accident_planned on anze.deadline for insert to anze_service
    with check (subject = 'accident' and anze.can_see(region_code, sector, owed_by));
create policy deadline_of_accident_ended on anze.deadline for update to anze_service
    using (subject = 'accident' and anze.can_see(region_code, sector, owed_by));
grant insert on anze.deadline to anze_service;
grant update (met_at, superseded_at, superseded_by, because) on anze.deadline to anze_service;

create sequence anze.accident_clock_number;
do $$
begin
    perform set_config('anze.reach', 'service', true);
    perform setval('anze.accident_clock_number', greatest((select max(c.id) from anze.accident_clock c), 1),
        exists (select from anze.accident_clock));
    perform set_config('anze.reach', '', true);
end
$$;
grant usage on sequence anze.accident_clock_number to anze_service;

-- Notices ----------------------------------------------------------------------------------------------------------------

alter table anze.notice_stage drop constraint notice_stage_subject;
update anze.notice_stage set subject = 'case' where subject = 'deadline';
alter table anze.notice_stage
    alter column subject drop default,
    add constraint notice_stage_subject foreign key (subject) references anze.subject;
comment on column anze.notice_stage.subject is 'what it tells of (anze.subject)';
comment on constraint notice_stage_subject on anze.notice_stage is
    '提醒事项不在代码表内。 | The subject is not in the code set. | /subject';

alter table anze.notice disable trigger user;
alter table anze.notice drop constraint notice_of_one_thing, drop constraint notice_once,
    drop constraint notice_obligation_fkey;
alter table anze.notice rename column obligation_id to subject_id;
alter table anze.notice add column subject text collate "C" not null default 'obligation';
update anze.notice set subject = case when deadline_id is not null then 'case' else 'accident' end,
    subject_id = coalesce(deadline_id, clock_reference)
where subject_id is null;
alter table anze.notice drop column deadline_id, drop column clock_reference;
alter table anze.notice alter column subject drop default, alter column subject_id set not null;
alter table anze.notice
    add constraint notice_once unique (subject_id, subject, stage),
    add constraint notice_subject_fkey foreign key (subject) references anze.subject;
alter table anze.notice enable trigger user;
comment on table anze.notice is '警示提醒: each stage of each thing that is owed is told once';
comment on column anze.notice.subject is 'what it tells of (anze.subject)';
comment on column anze.notice.subject_id is
    'the obligation or the deadline. Of an accident, region and sector are the accident''s, so that who has it in reach '
    'sees who was told';
comment on constraint notice_once on anze.notice is '该阶段已提醒。 | This stage was told already. | /stage';
comment on constraint notice_subject_fkey on anze.notice is '事项未登记。 | The subject is not registered. | /subject';

-- One thing that is owed, as telling asks it of any subject: anze.<subject>_owed(ids) gives these.
create type anze.owing as (
    id uuid,
    owed_by uuid,
    person_id uuid,
    due_at timestamptz,
    missed_from timestamptz,
    remind_from timestamptz,
    period text,
    region_code text,
    sector text
);

-- What the accident's own table had ----------------------------------------------------------------------------------------


-- It goes when no function names its rows any more (the next step). Its name is wanted for what follows.
do $$
declare
    t record;
begin
    for t in select g.tgname from pg_trigger g where g.tgrelid = 'anze.accident_clock'::regclass and not g.tgisinternal loop
        execute format('drop trigger %I on anze.accident_clock', t.tgname);
    end loop;
end
$$;
alter table anze.accident_clock rename to accident_clock_before;

-- A clock of an accident while it is planned; written it is a deadline (anze.accident_start_clocks).
create type anze.accident_clock as (
    kind text,
    code text,
    title_zh text,
    title_en text,
    rule text,
    rule_version integer,
    immediately boolean,
    from_level smallint,
    to_level smallint,
    day date,
    required integer,
    starts_from text,
    starts_at timestamptz,
    due_at timestamptz,
    met_at timestamptz,
    report_number integer
);

-- What one reads of an accident is rendered when it is read.
alter table anze.accident drop column document, drop column clock_documents, drop column clock_dues;
delete from audit.masked_column
where table_name = 'anze.accident' and column_name in ('document', 'clock_documents', 'clock_dues');
