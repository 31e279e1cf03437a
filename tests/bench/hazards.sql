-- Hazards of five years, made in the database: select bench.hazards(seed, first, last). Needs a superuser: audit, lights
-- and foreign keys rest meanwhile (session_replication_role); tables, partitions, indexes, generated columns and policies
-- are the real ones. Everything follows from the seed and the moment `now()` of the first call.

create schema if not exists bench;

-- 0 <= x < 1, the same for the same seed, row and purpose.
create or replace function bench.chance(seed bigint, n bigint, purpose text) returns double precision
immutable parallel safe language sql
return (hashtextextended(n || purpose, seed) & 9007199254740991)::double precision / 9007199254740992;

-- Ordos: nine counties with eight towns each, 59,760 enterprises.
insert into anze.region (code, name, parent_code) values
    ('150000', '内蒙古自治区', null), ('150600', '鄂尔多斯市', '150000') on conflict do nothing;
insert into anze.region (code, name, parent_code)
select '1506' || c, '第' || c || '示例旗', '150600' from unnest('{02,03,21,22,23,24,25,26,27}'::text[]) c on conflict do nothing;
insert into anze.region (code, name, parent_code)
select c.code || (200 + t), c.name || '第' || t + 1 || '镇', c.code
from anze.region c cross join generate_series(0, 7) t where c.parent_code = '150600' on conflict do nothing;
insert into anze.unit (id, kind, name, region_code, sector)
select md5('hazard unit ' || t.code || n)::uuid, 'enterprise', t.name || '示例企业' || n, t.code,
    (array['coal', 'coal', 'coal', 'hazardous_chemicals', 'construction', 'road_traffic', 'industry_trade'])[1 + n % 7]
from anze.region t cross join generate_series(1, 830) n where t.code ~ '^1506..2..$' on conflict do nothing;
create table if not exists bench.hazard_unit as
select u.id, u.region_code, u.sector, row_number() over (order by u.id) - 1 as number
from anze.unit u where u.region_code ~ '^1506..2..$';
create unique index if not exists hazard_unit_number on bench.hazard_unit (number);
create table if not exists bench.made_at as select date_trunc('second', now()) as at;

-- Partitions for five years back, as they would be there after five years.
do $$
declare
    begins_at timestamptz := anze.span_begins(now() - interval '1825 days', 12);
    partition regclass;
begin
    if to_regclass('anze.' || anze.partition_name('hazard', begins_at, 12)) is not null then
        return;
    end if;
    for partition in select inhrelid::regclass from pg_inherits where inhparent = 'anze.hazard'::regclass loop
        execute format('alter table anze.hazard detach partition %s', partition);
        execute format('drop table %s', partition);
    end loop;
    perform anze.make_partition('hazard', 'hazard_past', '-infinity', begins_at), anze.make_partitions();
end
$$;

-- What is counted as it is written is counted here too; sums are folded as the sweeper folds them.
alter table anze.hazard enable always trigger tally_inserted;

-- Hazard n: its id begins with its moment; three of a hundred are open, half of these late.
create or replace function bench.hazards(seed bigint, first_number bigint, last_number bigint) returns bigint
language plpgsql as $$
declare
    units constant bigint := (select count(*) from bench.hazard_unit);
    made_at constant timestamptz := (select at from bench.made_at);
    made bigint;
begin
    create temporary table made on commit drop as
    select n, overlay(
            replace(anze.new_id(u.region_code, made_at - bench.chance(seed, n, 'found') * interval '1820 days')::text, '-', '')
            placing '8' || substr(u.region_code, 4, 1) || right(md5(seed || ' hazard ' || n), 14) from 17)::uuid as id,
        md5(seed || ' case ' || n)::uuid as case_id, u.id as unit_id, u.region_code, u.sector,
        bench.chance(seed, n, 'open') < 0.03 as is_open, bench.chance(seed, n, 'late') < 0.5 as is_late,
        bench.chance(seed, n, 'major') < 0.02 as is_major,
        (array['护栏缺失', '灭火器过期', '电缆破损', '安全出口堵塞', '瓦斯传感器位置不符', '支护松动', '标识缺失', '粉尘积聚'])
            [1 + floor(8 * bench.chance(seed, n, 'words'))::integer] as words
    from generate_series(first_number, last_number) n
    join bench.hazard_unit u on u.number = floor(bench.chance(seed, n, 'unit') * units)::bigint;
    insert into anze.case_file (id, kind, kind_version, state, is_open, level, unit_id, title, facts, due_at, event_count,
        opened_at, region_code, sector)
    select m.case_id, 'hazard', 1, case when m.is_open then 'ordered' else 'closed' end, m.is_open, 2, m.unit_id, m.words,
        jsonb_build_object('hazard_id', m.id),
        case when m.is_open then made_at + case when m.is_late then interval '-5 days' else interval '20 days' end else 'infinity' end,
        1, anze.id_moment(m.id), m.region_code, m.sector
    from made m;
    insert into anze.case_event (case_id, number, action, to_state, level, at, actor)
    select m.case_id, 1, 'opened', 'found', 2, anze.id_moment(m.id), 'bench' from made m;
    insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, criterion,
        criterion_version, severity, judged_at, state, is_open, due_at, due_on, closed_at, region_code, sector, actor)
    select m.id, anze.id_moment(m.id), m.case_id, m.unit_id, m.n % 40 || '号部位' || m.words, m.n % 40 || '号部位',
        'own_check', 'equipment', case when m.is_major then 'ANY.MAJOR' end, case when m.is_major then 1 end,
        case when m.is_major then 'major' else 'general' end, anze.id_moment(m.id),
        case when m.is_open then 'ordered' else 'closed' end, m.is_open,
        case when m.is_open then made_at + case when m.is_late then interval '-5 days' else interval '20 days' end else 'infinity' end,
        anze.day_of(anze.id_moment(m.id)) + 15,
        case when not m.is_open then anze.id_moment(m.id) + interval '9 days' end, m.region_code, m.sector, 'bench'
    from made m;
    get diagnostics made = row_count;
    return made;
end
$$;
