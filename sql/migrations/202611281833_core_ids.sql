-- Ids of case data: UUID version 8 (RFC 9562), which carry the moment and the city.
--
--     01a2236e-bcaf-8150-a6b1-aeaed80e5c06
--     └─ moment ──┘ │└┬┘ ││└─ random ────┘   48 bits of milliseconds since 1970: ids sort by time, and whoever has the
--                   8 │  ││                  id knows the partition
--               city 150 ││6                 the four digits of the city, each as itself; a province's own ends in 00
--                 variant ┘                  58 random bits, two of them beside the variant
--
-- Their bodies stand here and are never replaced: generated columns and partitions rest on what they say.

-- The moment, to the millisecond. Version 7 began with it too; other ids carry none and are before all moments.
-- By bytes: half the time of cutting the text.
alter function anze.hazard_found_at(uuid) rename to id_moment; -- what rests on it follows
create or replace function anze.id_moment(id uuid) returns timestamptz
immutable parallel safe called on null input language sql
return case
    when get_byte(uuid_send(id), 6) >> 4 in (7, 8) then
        to_timestamp(('x' || encode(substr(uuid_send(id), 1, 6), 'hex'))::bit(48)::bigint / 1000.0::double precision)
    when id is not null then '-infinity'
end;
comment on function anze.id_moment(uuid) is 'when what has this id happened, to the millisecond; -infinity: not in the id';

-- For the router of a province, which asks the city's database; nothing else reads meaning from an id.
create function anze.id_city(id uuid) returns text immutable parallel safe language sql
return case when substr(id::text, 15, 1) = '8' then substr(id::text, 16, 3) || substr(id::text, 21, 1) end;
comment on function anze.id_city(uuid) is 'the first four digits of the region code; NULL: not in the id';

create function anze.new_id(region_code text, at timestamptz) returns uuid volatile parallel safe strict language sql
return (lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '8' || left(rpad(region_code, 4, '0'), 3)
        || overlay(substr(gen_random_uuid()::text, 20) placing substr(rpad(region_code, 4, '0'), 4) from 2))::uuid;
comment on function anze.new_id(text, timestamptz) is 'an id of case data: UUID version 8 of this moment and city';

-- For programs of the release before, until the next one.
create function anze.hazard_found_at(id uuid) returns timestamptz immutable parallel safe called on null input language sql
return anze.id_moment(id);
comment on function anze.hazard_found_at(uuid) is 'the former name of anze.id_moment';
