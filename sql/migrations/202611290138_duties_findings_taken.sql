-- Who takes up the findings of records: later domains register here and are called after a record was kept.
create table anze.finding_taker (
    name text not null,
    place smallint not null,
    title_zh text not null,
    title_en text not null,
    constraint finding_taker_pkey primary key (name),
    constraint finding_taker_name_form check (name ~ '^[a-z][a-z_]{1,40}$')
);
comment on table anze.finding_taker is
    '检查发现问题的承接: each row names a function anze.<name>_takes_findings(record uuid), called in order of place';
comment on constraint finding_taker_pkey on anze.finding_taker is '该承接已登记。 | This taker exists already. | /name';
comment on constraint finding_taker_name_form on anze.finding_taker is '名称格式不正确。 | The name has the wrong form. | /name';

-- From which day on the duties of a unit are planned, moved into the past so that its history can be filled in.
create table anze.duty_planning (
    unit_id uuid not null,
    planned_from date not null,
    reason text not null,
    changed_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint duty_planning_pkey primary key (unit_id, planned_from),
    constraint duty_planning_unit_fkey foreign key (unit_id) references anze.unit,
    constraint duty_planning_day check (isfinite(planned_from)),
    constraint duty_planning_reason_length check (length(reason) between 1 and 1000)
);
comment on table anze.duty_planning is '履职补计: who had the duties of a unit planned from a day in the past, and why';
comment on constraint duty_planning_pkey on anze.duty_planning is
    '该单位已自该日起计划。 | The duties of the unit are planned from this day already. | /planned_from';
comment on constraint duty_planning_unit_fkey on anze.duty_planning is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint duty_planning_day on anze.duty_planning is '日期无效。 | The day is not a day. | /planned_from';
comment on constraint duty_planning_reason_length on anze.duty_planning is
    '理由应为 1 至 1000 个字。 | A reason has 1 to 1000 characters. | /reason';
alter table anze.duty_planning enable row level security;
alter table anze.duty_planning force row level security;
create policy duty_planning_owner on anze.duty_planning to current_user using (true);
