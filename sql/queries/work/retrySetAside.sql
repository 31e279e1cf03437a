select status, body, etag, location from anze.retry_set_aside(:set_aside_id::uuid)
