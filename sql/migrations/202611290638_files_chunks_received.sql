-- An upload to which nothing is sent any more goes earlier than one that goes on. Of earlier chunks it is not known when
-- they came: their file's day counts.
alter table anze.file_chunk add column received_at timestamptz;
alter table anze.file_chunk alter column received_at set default clock_timestamp();
