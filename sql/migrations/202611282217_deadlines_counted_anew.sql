-- A deadline that the calendar moved says from which day, and by which notice.
alter table anze.deadline
    add column due_before timestamptz,
    add column calendar_notice text collate "C";
comment on column anze.deadline.due_before is 'when it was due before the calendar changed; the clock that said so is superseded by this one';
comment on column anze.deadline.calendar_notice is 'the notice that changed the calendar (anze.calendar_notice)';
