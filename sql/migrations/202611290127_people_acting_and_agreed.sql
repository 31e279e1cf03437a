-- Acting heads 代理、主持工作, and the agreement of whoever keeps the file of somebody who is appointed elsewhere.

alter table anze.appointment
    add column kind text not null default 'regular',
    add constraint appointment_kind check (kind in ('regular', 'acting')) not valid;
comment on column anze.appointment.kind is 'acting: holds the post''s duties in the place of its holder, or until there is one';
comment on constraint appointment_kind on anze.appointment is
    '任职方式应为正式任职或代理。 | The kind is regular or acting. | /kind';

alter table anze.structural_rule add column accepts_acting boolean not null default true;
comment on column anze.structural_rule.accepts_acting is 'whether somebody acting counts as a holder of the post';

create table anze.appointment_consent (
    id uuid not null default gen_random_uuid(),
    person_id uuid not null,
    unit_id uuid not null,
    valid_until date,
    note text,
    agreed_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint appointment_consent_pkey primary key (id),
    constraint appointment_consent_person_fkey foreign key (person_id) references anze.person,
    constraint appointment_consent_unit_fkey foreign key (unit_id) references anze.unit,
    constraint appointment_consent_note_length check (length(note) between 1 and 1000),
    constraint appointment_consent_day check (valid_until is null or isfinite(valid_until))
);
comment on table anze.appointment_consent is
    '任职同意: whoever keeps the file of a person agrees that a unit appoints this person';
comment on column anze.appointment_consent.valid_until is 'the last day on which the unit may appoint by it';
comment on constraint appointment_consent_pkey on anze.appointment_consent is
    '该同意已存在。 | This consent exists already. | ';
comment on constraint appointment_consent_person_fkey on anze.appointment_consent is
    '人员不存在。 | The person does not exist. | /person_id';
comment on constraint appointment_consent_unit_fkey on anze.appointment_consent is
    '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint appointment_consent_note_length on anze.appointment_consent is
    '说明应为 1 至 1000 个字。 | A note has 1 to 1000 characters. | /note';
comment on constraint appointment_consent_day on anze.appointment_consent is
    '日期无效。 | The day is not a day. | /valid_until';
create index appointment_consent_person on anze.appointment_consent (person_id, unit_id);
alter table anze.appointment_consent enable row level security;
alter table anze.appointment_consent force row level security;
create policy appointment_consent_owner on anze.appointment_consent to current_user using (true);
