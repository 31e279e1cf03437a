-- The schema, the service's role, and who is asking.
--
-- Grants: nothing is granted by default but EXECUTE on the functions of this schema. Every table says itself what
-- anze_service may do with it.

create schema if not exists anze; -- there already: migrate keeps its own table in it

-- Overlapping periods of one rule are refused by an exclusion constraint over (text, daterange).
create extension if not exists btree_gist;

do $$
begin
    if not exists (select from pg_roles where rolname = 'anze_service') then
        create role anze_service login nosuperuser nocreatedb nocreaterole noinherit nobypassrls noreplication;
    end if;
exception
    when insufficient_privilege then
        raise exception 'the role anze_service is missing and this login may not create it'
            using errcode = 'insufficient_privilege',
                  hint = 'create it once as an administrator: create role anze_service login noinherit';
    when duplicate_object or unique_violation then
        null; -- another database of this cluster was migrated at the same moment
end
$$;

grant usage on schema anze to anze_service;
alter default privileges revoke execute on functions from public;
alter default privileges in schema anze grant execute on functions to anze_service;

-- Who is asking: set for one transaction by set_config('anze.…', …, true), read only through these functions.
-- After a transaction a setting reads '' instead of NULL, therefore nullif. They are inlined, so they cost nothing.

create function anze.actor() returns text stable parallel safe language sql
return nullif(current_setting('anze.actor', true), '');
comment on function anze.actor() is 'who acts: the subject of the token';

create function anze.on_behalf_of() returns text stable parallel safe language sql
return nullif(current_setting('anze.on_behalf_of', true), '');
comment on function anze.on_behalf_of() is 'whom the actor acts for: another subject, else the unit';

create function anze.client() returns text stable parallel safe language sql
return nullif(current_setting('anze.client', true), '');
comment on function anze.client() is 'the program that the actor uses';

create function anze.unit() returns uuid stable parallel safe language sql
return nullif(current_setting('anze.unit', true), '')::uuid;
comment on function anze.unit() is 'the unit of the caller';

create function anze.reach() returns text stable parallel safe language sql
return nullif(current_setting('anze.reach', true), '');
comment on function anze.reach() is
    'how far the caller sees: none, unit, region; service for the owner''s own work (loading, computing)';

create function anze.region() returns text stable parallel safe language sql
return nullif(current_setting('anze.region', true), '');
comment on function anze.region() is 'prefix of the division codes that the caller sees: 15, 1506, 150622, 150622101';

create function anze.sectors() returns text[] stable parallel safe language sql
return nullif(nullif(current_setting('anze.sectors', true), ''), '{}')::text[];
comment on function anze.sectors() is 'the sectors that the caller sees; NULL: every sector';

create function anze.scopes() returns text[] stable parallel safe language sql
return string_to_array(nullif(current_setting('anze.scopes', true), ''), ' ');
comment on function anze.scopes() is 'what the caller may do: accidents:read, accidents:report, …';

create function anze.operation() returns text stable parallel safe language sql
return nullif(current_setting('anze.operation', true), '');
comment on function anze.operation() is 'operationId of the request';

create function anze.request() returns text stable parallel safe language sql
return nullif(current_setting('anze.request', true), '');
comment on function anze.request() is 'id of the request, as in the log';

create function anze.trace() returns text stable parallel safe language sql
return nullif(current_setting('anze.trace', true), '');
comment on function anze.trace() is 'W3C trace id of the request';

-- Declared here so that policies can name it; it shows nothing until sql/functions/access.sql gives it its body.
create function anze.can_see(region_code text, sector text, unit_id uuid) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
