-- Replaced by the files capability.
create or replace function anze.files_faults(file_ids uuid[], pointer text) returns jsonb language sql as $$ select null::jsonb $$;
