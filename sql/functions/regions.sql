-- Regions: their chain upward and their import.

-- The codes of a region and of everything above it, from the province down.
create or replace function anze.region_chain(code text) returns text[] immutable parallel safe strict language sql
return array_remove(array[
    left(code, 2) || '0000',
    anze.city_of(code) || '00',
    anze.county_of(code),
    anze.town_of(code),
    case when length(code) = 12 then code end], null);

-- Adds and renames regions from [{"code": …, "name": …, "parent_code": …}, …] in any order. A region that the list
-- does not name stays: other rows refer to it.
create or replace function anze.import_regions(regions jsonb)
returns table (added bigint, changed bigint, unchanged bigint)
language sql
as $$
    with given as (
        select g.code, g.name, g.parent_code
        from jsonb_to_recordset(regions) as g(code text, name text, parent_code text)),
    written as (
        insert into anze.region as r (code, name, parent_code)
        select g.code, g.name, g.parent_code from given g order by length(g.code), g.code
        on conflict on constraint region_pkey do update
        set name = excluded.name, parent_code = excluded.parent_code, version = r.version + 1, updated_at = now()
        where (r.name, r.parent_code) is distinct from (excluded.name, excluded.parent_code)
        returning (xmax = 0) as is_new)
    select count(*) filter (where is_new), count(*) filter (where not is_new),
           (select count(*) from given) - count(*)
    from written
$$;
