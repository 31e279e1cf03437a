select anze.discard_file_chunks(:file_id::uuid, :attempt::int)
