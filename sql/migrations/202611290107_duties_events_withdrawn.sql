-- An event that turns out not to have been stays, with why and by whom; what it made owed is withdrawn.

alter table anze.duty_event
    add column withdrawn_at timestamptz,
    add column withdrawn_by text,
    add column withdrawal_reason text,
    add column version integer not null default 1,
    add constraint duty_event_withdrawal check ((withdrawn_at is null) = (withdrawal_reason is null)),
    add constraint duty_event_withdrawal_reason_length check (length(withdrawal_reason) between 1 and 1000);
comment on column anze.duty_event.withdrawn_by is 'NULL: the service itself, because the cause was corrected';
comment on constraint duty_event_withdrawal on anze.duty_event is
    '撤销应注明理由。 | A withdrawal gives its reason. | /reason';
comment on constraint duty_event_withdrawal_reason_length on anze.duty_event is
    '撤销理由应为 1 至 1000 个字。 | A reason has 1 to 1000 characters. | /reason';
create index duty_event_accident on anze.duty_event (accident_id) where accident_id is not null;
