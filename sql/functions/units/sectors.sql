-- Sectors as administrators write them (rules/reference.sql).

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.sector_json(s anze.sector) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('code', s.code, 'title_zh', s.title_zh, 'title_en', s.title_en,
        'rule_set', s.rule_set, 'gb_t_4754', s.gb_t_4754, 'in_force_from', lower(s.in_force),
        'in_force_until', upper(s.in_force) - 1, 'instrument', s.instrument, 'origin', s.origin, 'reason', s.reason,
        'version', s.version));
end
$$;

create or replace function anze.add_sector(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    s anze.sector;
begin
    perform anze.refuse_all(anze.reference_faults(given,
        exists (select from anze.sector x where x.code = given ->> 'code'), anze.reference_days(given)));
    insert into anze.sector (code, title_zh, title_en, rule_set, gb_t_4754, in_force, instrument, origin, reason)
    values (given ->> 'code', given ->> 'title_zh', given ->> 'title_en', coalesce(given ->> 'rule_set', 'general'),
        given ->> 'gb_t_4754', anze.reference_days(given), given ->> 'instrument', 'administrator', given ->> 'reason')
    returning * into s;
    return query select '201', anze.sector_json(s)::text, s.version::text, '/v1/sectors/' || s.code;
end
$$;

-- Which regulation its accidents follow stays: those that happened are judged by it.
create or replace function anze.revise_sector(named text, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    s anze.sector;
begin
    select * into s from anze.sector x where x.code = named for no key update;
    perform anze.reference_missing(s.code is not null);
    perform anze.require_version(s.version, if_match);
    perform anze.refuse_all(anze.reference_faults(given, false, anze.reference_days(given, s.in_force)));
    update anze.sector x
    set title_zh = coalesce(given ->> 'title_zh', s.title_zh), title_en = coalesce(given ->> 'title_en', s.title_en),
        gb_t_4754 = coalesce(given ->> 'gb_t_4754', s.gb_t_4754), in_force = anze.reference_days(given, s.in_force),
        instrument = coalesce(given ->> 'instrument', s.instrument), origin = 'administrator', reason = given ->> 'reason',
        version = s.version + 1
    where x.code = named returning x.* into s;
    return query select '200', anze.sector_json(s)::text, s.version::text, '/v1/sectors/' || s.code;
end
$$;
