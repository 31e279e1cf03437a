-- Who opened a case decides who handles it; what a step overtakes was not done.

alter table anze.case_action add column overtakes text[] not null default '{}';
comment on column anze.case_action.overtakes is
    'clocks that end without having been met, though the step leaves their states; others of these are in stops';

alter table anze.case_file add column is_own boolean not null default false;
comment on column anze.case_file.is_own is
    'the unit that it is about opened it itself: what a unit found it handles, what an authority found an authority does';
