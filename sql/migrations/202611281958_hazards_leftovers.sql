-- anze: after-functions
-- What ids and partitions of hazards were made by: anze.new_id and anze.make_partitions have taken their place.
drop function anze.hazard_id(timestamptz);
drop function if exists anze.make_hazard_partitions(integer);
drop function if exists anze.make_hazard_partition(text, text, text);
