-- Regions: their chain upward.

-- The codes of a region and of everything above it, from the province down.
create or replace function anze.region_chain(code text) returns text[] immutable parallel safe strict language plpgsql as $$
begin
    return array_remove(array[
        left(code, 2) || '0000',
        anze.city_of(code) || '00',
        anze.county_of(code),
        anze.town_of(code),
        case when length(code) = 12 then code end], null);
end
$$;
