-- Functions that statements of the release before call, until all of its programs have been restarted: they go with the
-- next release. tests/fault/test_live_migration.py knows what those statements need.

create or replace function anze.case_etag(version integer, shown jsonb) returns text immutable parallel safe language sql
return anze.etag(version, shown::text);

create or replace function anze.duty_etag(version integer, body text) returns text immutable parallel safe language sql
return anze.etag(version, body);

create or replace function anze.notice_etag(n anze.notice, body jsonb) returns text immutable parallel safe language sql
return anze.etag((n).version, body::text);

create or replace function anze.accident_level_code(of_rank smallint) returns text stable strict language sql
return anze.level_code(of_rank);

create or replace function anze.duty_unit_json(unit uuid) returns jsonb stable parallel safe language plpgsql as $$
begin
    return jsonb_build_object('id', unit, 'name', (select u.name from anze.unit u where u.id = unit));
end
$$;

create or replace function anze.units_below(centre uuid) returns uuid[] stable parallel safe strict security definer
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return array(select anze.units_under(centre));
end
$$;
