select status, body, etag, location from anze.create_file(:body::jsonb, :max_file_bytes::bigint, :chunk_bytes::int)
