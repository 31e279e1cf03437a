-- What was announced of days off, notice by notice: a notice may be changed by a later one, and both are kept. Of each day
-- anze.working_day says what counts: what the latest notice that names it says.
create table anze.calendar_notice (
    code text collate "C" not null,
    of_year smallint not null,
    title text not null,
    number text,
    issued_on date not null,
    covers_year boolean not null default true,
    confidence text not null,
    origin text not null default 'shipped',
    reason text,
    created_by text default anze.actor(),
    created_at timestamptz not null default clock_timestamp(),
    constraint calendar_notice_pkey primary key (code),
    constraint calendar_notice_code_form check (code ~ '^[A-Z0-9][A-Z0-9.-]{1,60}$'),
    constraint calendar_notice_of_year check (of_year between 1990 and 2199),
    constraint calendar_notice_issued_on check (isfinite(issued_on)),
    constraint calendar_notice_confidence check (confidence in (
        'found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low')),
    constraint calendar_notice_origin check (origin in ('shipped', 'administrator')),
    constraint calendar_notice_reason check (origin = 'shipped' or reason is not null)
);
comment on table anze.calendar_notice is '节假日安排通知: notices that say which days are worked on';
comment on column anze.calendar_notice.of_year is 'the year that it is about';
comment on column anze.calendar_notice.covers_year is 'it arranges the whole year, and not some of its days';
comment on column anze.calendar_notice.origin is 'shipped with the program, or entered by an administrator, which shipping never undoes';
comment on constraint calendar_notice_pkey on anze.calendar_notice is
    '该通知已登记。 | This notice is listed already. | /code';
comment on constraint calendar_notice_code_form on anze.calendar_notice is
    '通知代码格式不正确。 | The code of the notice has the wrong form. | /code';
comment on constraint calendar_notice_of_year on anze.calendar_notice is
    '年份超出范围。 | The year is out of range. | /of_year';
comment on constraint calendar_notice_issued_on on anze.calendar_notice is
    '日期无效。 | The day is not a day. | /issued_on';
comment on constraint calendar_notice_confidence on anze.calendar_notice is
    '可信度不在代码表内。 | The confidence is not in the code set. | /confidence';
comment on constraint calendar_notice_origin on anze.calendar_notice is
    '来源应为 shipped 或 administrator。 | The origin is shipped or administrator. | /origin';
comment on constraint calendar_notice_reason on anze.calendar_notice is
    '录入应说明理由。 | An entry states its reason. | /reason';
grant select on anze.calendar_notice to anze_service;

create table anze.calendar_day (
    notice text collate "C" not null,
    day date not null,
    is_working boolean not null,
    title_zh text not null,
    title_en text not null,
    constraint calendar_day_pkey primary key (notice, day),
    constraint calendar_day_notice_fkey foreign key (notice) references anze.calendar_notice deferrable initially deferred,
    constraint calendar_day_finite check (isfinite(day))
);
comment on table anze.calendar_day is '通知所列日期: what a notice says of a day';
comment on constraint calendar_day_pkey on anze.calendar_day is
    '该通知已列此日。 | The notice names this day already. | /days';
comment on constraint calendar_day_notice_fkey on anze.calendar_day is '没有该通知。 | There is no such notice. | /code';
comment on constraint calendar_day_finite on anze.calendar_day is '日期无效。 | The day is not a day. | /days';
create index calendar_day_of_day on anze.calendar_day (day);
grant select on anze.calendar_day to anze_service;

create table anze.calendar_work (
    id bigint generated always as identity,
    notice text collate "C",
    were jsonb not null,
    changed_at timestamptz not null default clock_timestamp(),
    after uuid not null default '00000000-0000-0000-0000-000000000000',
    constraint calendar_work_pkey primary key (id)
);
comment on table anze.calendar_work is '日历变更后的重算: changes of days whose open deadlines the sweeper still has to count anew';
comment on column anze.calendar_work.were is 'the days that changed, and whether they had been worked on: {"2020-02-01": true}';
comment on column anze.calendar_work.changed_at is 'what was planned later counts by the new calendar already';
comment on column anze.calendar_work.after is 'as far as the sweeper has come, by the id';
comment on constraint calendar_work_pkey on anze.calendar_work is '重算编号重复。 | The number is taken. | /id';

alter table anze.working_day add column notice text collate "C";
comment on column anze.working_day.notice is 'the notice that counts (anze.calendar_notice)';
