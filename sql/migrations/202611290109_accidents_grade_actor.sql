-- A grade may change by time alone.
alter table anze.accident_grade_change add column actor text;
comment on column anze.accident_grade_change.actor is 'who changed it where it was not the report; NULL: the report';
