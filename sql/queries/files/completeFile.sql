select status, body, etag, location from anze.complete_file(:file_id::uuid, :attempt::int, :found_digest, :found_type)
