-- One chunk of a file's content, in binary. Row-level security asks for both tables.
select c.data
from anze.file f join anze.file_chunk c on c.content_id = f.content_id
where f.id = :file_id::uuid and c.number = :chunk::int
