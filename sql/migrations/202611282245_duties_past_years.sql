-- anze: with-functions
-- The table of before becomes a partition. What an obligation was is written by its own trigger alone, and obligations are
-- never deleted: no foreign key, which would have writers of obligations wait while a partition is made.

alter table anze.obligation_past rename to obligation_past_past;
alter table anze.obligation_past_past rename constraint obligation_past_pkey to obligation_past_past_pkey;
alter table anze.obligation_past_past drop constraint obligation_past_obligation_fkey;
drop policy obligation_past_seen on anze.obligation_past_past;
drop policy obligation_past_owner on anze.obligation_past_past;
revoke all on anze.obligation_past_past from anze_service;

create table anze.obligation_past (
    like anze.obligation_past_past,
    constraint obligation_past_pkey primary key (obligation_id, was)
) partition by range (was);
comment on table anze.obligation_past is '任务沿革: what an obligation was and for how long the service thought so';
comment on constraint obligation_past_pkey on anze.obligation_past is
    '该时段已有记载。 | This span is recorded already. | ';
alter table anze.obligation_past enable row level security;
alter table anze.obligation_past force row level security;
create policy obligation_past_seen on anze.obligation_past for select to anze_service
    using (exists (select from anze.obligation o where o.id = obligation_id));
create policy obligation_past_owner on anze.obligation_past to current_user using (true);
grant select on anze.obligation_past to anze_service;

do $$
declare
    ends_at constant timestamptz := (select p.past_until from anze.partitioned p where p.name = 'obligation_past');
begin
    execute format('alter table anze.obligation_past attach partition anze.obligation_past_past for values from (minvalue) to (%L)',
                   tstzrange(ends_at, ends_at, '[]'));
end
$$;
alter table anze.obligation_past_past drop constraint obligation_past_before;
