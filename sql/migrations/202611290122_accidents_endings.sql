-- An accident that was none, or was known already, ends otherwise than by its final report.
alter table anze.accident
    drop constraint accident_state,
    add constraint accident_state check (state in ('open', 'final', 'withdrawn', 'joined')) not valid,
    add column is_drill boolean not null default false;
comment on constraint accident_state on anze.accident is
    '事故状态应为 open、final、withdrawn 或 joined。 | The state is open, final, withdrawn or joined. | ';
comment on column anze.accident.is_drill is '演练: counts nowhere';

create table anze.accident_ending (
    accident_id uuid not null,
    state text not null,
    ground text,
    into_id uuid,
    reason text not null,
    level smallint not null,
    ended_at timestamptz not null,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint accident_ending_pkey primary key (accident_id),
    constraint accident_ending_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_ending_into_fkey foreign key (into_id) references anze.accident,
    constraint accident_ending_state check (
        state = 'withdrawn' and ground in ('not_an_accident', 'false_alarm', 'drill', 'other') and into_id is null
        or state = 'joined' and ground is null and into_id <> accident_id)
);
comment on table anze.accident_ending is
    '撤销、并案: an accident that was none 撤销, or was known already as another 并案, with the reason; append-only';
comment on column anze.accident_ending.into_id is 'the accident that it is';
comment on constraint accident_ending_pkey on anze.accident_ending is
    '该事故已撤销或已并案。 | The accident is withdrawn or joined already. | ';
comment on constraint accident_ending_accident_fkey on anze.accident_ending is
    '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_ending_into_fkey on anze.accident_ending is
    '并入的事故不存在。 | The accident that it is joined to does not exist. | /into';
comment on constraint accident_ending_state on anze.accident_ending is
    '撤销应有事由，并案应有并入的另一事故。 | A withdrawal has its ground, a joining another accident. | ';
create index accident_ending_into on anze.accident_ending (into_id) where into_id is not null;
alter table anze.accident_ending enable row level security;
alter table anze.accident_ending force row level security;
create policy accident_ending_seen on anze.accident_ending to anze_service
    using (exists (select from anze.accident a where a.id = accident_id));
create policy accident_ending_owner on anze.accident_ending to current_user using (true);
grant select, insert on anze.accident_ending to anze_service;
