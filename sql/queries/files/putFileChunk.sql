select status
from anze.take_file_chunk(:file_id::uuid, :number::int, :bytes::bytea, :content_digest, coalesce(:dry_run::boolean, false))
