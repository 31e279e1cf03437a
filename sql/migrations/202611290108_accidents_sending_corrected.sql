-- When an accident was passed up is put right with a reason; what was said before stays here.
alter table anze.accident_transmission add column corrected_to timestamptz;
comment on column anze.accident_transmission.corrected_to is 'when it was passed up by the latest correction; sent_at stays';

create table anze.accident_transmission_correction (
    transmission_id uuid not null,
    number integer not null,
    accident_id uuid not null,
    was_sent_at timestamptz not null,
    sent_at timestamptz not null,
    reason text not null,
    level smallint not null,
    recorded_at timestamptz not null,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint accident_transmission_correction_pkey primary key (transmission_id, number),
    constraint accident_transmission_correction_transmission_fkey foreign key (transmission_id)
        references anze.accident_transmission,
    constraint accident_transmission_correction_accident_fkey foreign key (accident_id) references anze.accident
);
comment on table anze.accident_transmission_correction is
    '上报时间更正: when a level had passed an accident up, put right with a reason; append-only';
comment on column anze.accident_transmission_correction.was_sent_at is 'what was said before';
comment on constraint accident_transmission_correction_pkey on anze.accident_transmission_correction is
    '该更正已存在。 | This correction exists already. | ';
comment on constraint accident_transmission_correction_transmission_fkey on anze.accident_transmission_correction is
    '上报不存在。 | The transmission does not exist. | ';
comment on constraint accident_transmission_correction_accident_fkey on anze.accident_transmission_correction is
    '事故不存在。 | The accident does not exist. | ';
create index accident_transmission_correction_accident on anze.accident_transmission_correction (accident_id);
alter table anze.accident_transmission_correction enable row level security;
alter table anze.accident_transmission_correction force row level security;
create policy accident_transmission_correction_seen on anze.accident_transmission_correction to anze_service
    using (exists (select from anze.accident a where a.id = accident_id));
create policy accident_transmission_correction_owner on anze.accident_transmission_correction to current_user using (true);
grant select on anze.accident_transmission_correction to anze_service;
