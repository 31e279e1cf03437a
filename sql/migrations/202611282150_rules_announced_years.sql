-- Whether a year's days off were announced: each day says by which year's notice it is what it is.

alter table anze.working_day add column of_year smallint;
comment on column anze.working_day.of_year is
    'of which year''s notice; a day at the turn of the year may be announced with the year to come';
