-- Clocks of accidents are told before, at and after, like duties and deadlines of cases: by stages of their own, counted
-- in minutes.

alter table anze.notice_stage rename column days_rule to delay_rule;
comment on column anze.notice_stage.delay_rule is
    'the rule whose value is the time after counted_from, in its unit (minute, hour, day); negative: before';
alter table anze.notice_stage drop constraint notice_stage_subject;
alter table anze.notice_stage add constraint notice_stage_subject check (subject in ('obligation', 'deadline', 'accident'));
comment on column anze.notice_stage.subject is 'what it tells of: a duty, the deadline of a case, or the clock of an accident';
comment on constraint notice_stage_subject on anze.notice_stage is
    '提醒事项不在代码表内。 | The subject is not in the code set. | /subject';

alter table anze.notice add column clock_reference uuid,
    add constraint notice_clock_fkey foreign key (clock_reference) references anze.accident_clock (reference),
    add constraint notice_clock_once unique (clock_reference, stage),
    drop constraint notice_of_one_thing;
alter table anze.notice
    add constraint notice_of_one_thing check (num_nonnulls(obligation_id, deadline_id, clock_reference) = 1);
comment on column anze.notice.clock_reference is
    'the clock of an accident; region and sector are then those of the accident, so that who has it in reach sees who was told';
comment on constraint notice_clock_fkey on anze.notice is
    '事故时限不存在。 | The clock does not exist. | /clock_reference';
comment on constraint notice_clock_once on anze.notice is '该阶段已提醒。 | This stage was told already. | /stage';
comment on constraint notice_of_one_thing on anze.notice is
    '提醒应针对一项任务或一个时限。 | A notice is about an obligation, a deadline or a clock. | /obligation_id';

alter table anze.accident_clock add column next_notice_at timestamptz not null default 'infinity';
comment on column anze.accident_clock.next_notice_at is 'when the sweeper looks at it next; of one that ended it says nothing';
create index accident_clock_notice on anze.accident_clock (next_notice_at) where is_running and next_notice_at < 'infinity';

-- Clocks that run already are looked at at once; those that ran out more than an hour ago (the last stage) are not told
-- any more, so that an upgrade drowns nobody. The trigger that keeps clocks does not know the column yet.
alter table anze.accident_clock disable trigger accident_clock_keeps;
do $$
begin
    perform set_config('anze.reach', 'service', true);
    update anze.accident_clock c set next_notice_at = c.starts_at
    where c.is_running and c.due_at > now() - interval '1 hour';
    perform set_config('anze.reach', '', true);
end
$$;
alter table anze.accident_clock enable trigger accident_clock_keeps;

-- Their work is that of functions for all subjects.
drop function if exists anze.notice_moments(timestamptz, timestamptz, text, date);
drop function if exists anze.deadline_moments(timestamptz, timestamptz);
