select attempt, chunk_count from anze.begin_file_check(:file_id::uuid)
