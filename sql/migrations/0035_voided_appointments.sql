-- An appointment that never was (recorded of somebody else, or twice) is taken out of the posts, so that no list, no duty
-- and no day of the past knows it any more. What it said, who voided it and why is kept here, and in the audit.
create table anze.voided_appointment (
    id uuid not null,
    shown jsonb not null,
    reason text not null,
    voided_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    unit_id uuid not null,
    region_code text collate "C" not null,
    sector text,
    is_body boolean not null,
    constraint voided_appointment_pkey primary key (id),
    constraint voided_appointment_unit_fkey foreign key (unit_id) references anze.unit,
    constraint voided_appointment_reason_length check (length(reason) between 1 and 1000)
);
comment on table anze.voided_appointment is '作废的任职: an appointment that never was';
comment on column anze.voided_appointment.shown is 'the appointment as it was last shown';
comment on constraint voided_appointment_pkey on anze.voided_appointment is
    '该任职已作废。 | This appointment is void already. | /id';
comment on constraint voided_appointment_unit_fkey on anze.voided_appointment is
    '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint voided_appointment_reason_length on anze.voided_appointment is
    '作废理由应为 1 至 1000 个字。 | A reason has 1 to 1000 characters. | /reason';
create index voided_appointment_unit on anze.voided_appointment (unit_id);
alter table anze.voided_appointment enable row level security;
alter table anze.voided_appointment force row level security;
create policy voided_appointment_seen on anze.voided_appointment for select to anze_service
    using (anze.can_see_unit(region_code, sector, unit_id, is_body));
create policy voided_appointment_owner on anze.voided_appointment to current_user using (true);
grant select on anze.voided_appointment to anze_service;
