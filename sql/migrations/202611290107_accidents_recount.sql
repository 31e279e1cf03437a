-- When the sweeper counts an accident anew: persons that are missing then count with the dead.
alter table anze.accident add column recount_at timestamptz;
comment on column anze.accident.recount_at is
    'when what follows from the accident changes by itself; infinity: never; NULL: not looked at since the column came';
