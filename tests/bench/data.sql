-- The benchmark's accidents, made in the database. Two thousand are lived through by the house's own functions: filed,
-- graded, planned, followed up and closed as the service does it, only at times of the past. The others are copies of
-- them, with everything that hangs on them, under other ids and on other days. Needs a superuser: audit and foreign
-- keys rest meanwhile (session_replication_role); tables, indexes, generated columns and policies are the real ones.
--
-- Everything follows from the seed. Accident n has the id bench.id(n), so that a load generator can compute it.

create schema if not exists bench;

create or replace function bench.id(n bigint) returns uuid immutable parallel safe language sql
return md5('accident ' || n)::uuid;

-- 0 <= x < 1, the same for the same seed, row and purpose.
create or replace function bench.random(seed bigint, n bigint, purpose text) returns double precision
immutable parallel safe language sql
return (hashtextextended(n || purpose, seed) & 9007199254740991)::double precision / 9007199254740992;

-- Ordos: nine counties, eight towns each.
insert into anze.region (code, name, parent_code) values
    ('150000', '内蒙古自治区', null), ('150600', '鄂尔多斯市', '150000') on conflict do nothing;
insert into anze.region (code, name, parent_code) values
    ('150602', '东胜区', '150600'), ('150603', '康巴什区', '150600'), ('150621', '达拉特旗', '150600'),
    ('150622', '准格尔旗', '150600'), ('150623', '鄂托克前旗', '150600'), ('150624', '鄂托克旗', '150600'),
    ('150625', '杭锦旗', '150600'), ('150626', '乌审旗', '150600'), ('150627', '伊金霍洛旗', '150600')
on conflict do nothing;
insert into anze.region (code, name, parent_code)
select c.code || (100 + t), c.name || '第' || t + 1 || '镇', c.code
from anze.region c cross join generate_series(0, 7) t
where c.parent_code = '150600'
on conflict do nothing;

-- Twelve enterprises in each town, half of them coal mines.
insert into anze.unit (id, kind, name, region_code, sector)
select md5('unit ' || t.code || n)::uuid, 'enterprise', t.name || '示例企业' || n, t.code,
    (array['coal', 'coal', 'coal', 'coal', 'coal', 'coal', 'hazardous_chemicals', 'construction', 'road_traffic',
           'road_traffic', 'metal_smelting', 'industry_trade'])[n]
from anze.region t cross join generate_series(1, 12) n
where t.level = 'town' and starts_with(t.code, '1506')
on conflict do nothing;

create table if not exists bench.unit as
select u.id, u.region_code, u.sector, row_number() over (order by md5(u.id::text)) - 1 as number
from anze.unit u where u.kind = 'enterprise';
create unique index if not exists unit_number on bench.unit (number);

-- What a first report says. Units have very different numbers of accidents (the square of a uniform figure).
create or replace function bench.report(seed bigint, n bigint) returns jsonb stable language plpgsql as $$
declare
    units constant bigint := (select count(*) from bench.unit);
    u constant bench.unit := (select w from bench.unit w
        where w.number = floor(bench.random(seed, n, 'unit') ^ 2 * units)::bigint);
    occurred constant timestamptz := date_trunc('hour', now()) - interval '10 days'
        - bench.random(seed, n, 'occurred') * interval '1815 days';
    grave constant double precision := bench.random(seed, n, 'deaths');
    category text;
begin
    select c.code into category from anze.accident_category c
    where c.in_force @> anze.day_of(occurred)
    order by bench.random(seed, n, c.code) limit 1;
    return jsonb_build_object('unit_id', u.id, 'region_code', u.region_code, 'sector', u.sector,
        'category', category, 'occurred_at', occurred,
        'learned_at', occurred + (5 + 40 * bench.random(seed, n, 'learned')) * interval '1 minute',
        'received_at', occurred + (50 + 90 * bench.random(seed, n, 'received') ^ 3) * interval '1 minute',
        'place', '主井西翼' || n % 97 || '号作业点',
        'course', '作业过程中发生事故，现场人员立即撤离并报告值班室，值班室启动应急响应。',
        'scene', '现场通风和供电正常，作业点已封闭。', 'cause', '初步判断为现场作业未按规程执行，具体原因正在调查。',
        'measures', '已停止作业，组织救援，封锁现场，清点人数并联系家属。',
        'reporter_name', '张三', 'reporter_phone', '13800000000',
        'figures', jsonb_strip_nulls(jsonb_build_object(
            'deaths', case when grave < 0.70 then 0 when grave < 0.93 then 1 when grave < 0.97 then 2
                           when grave < 0.996 then 3 + floor((grave - 0.97) * 260)::int
                           when grave < 0.9997 then 12 else 33 end,
            'missing', case when bench.random(seed, n, 'missing') < 0.03 then 1 else 0 end,
            'serious_injuries', floor(bench.random(seed, n, 'injuries') ^ 3 * 8)::int,
            'minor_injuries', floor(bench.random(seed, n, 'injuries') ^ 2 * 9)::int,
            'direct_loss_cny', case when bench.random(seed, n, 'loss') > 0.05
                then (round((exp(9 + 6 * bench.random(seed, n, 'loss')))::numeric, 2))::text end)));
end
$$;

-- From the first report to the final one, as anze.file_accident and anze.add_accident_report do it, at a time.
create or replace function bench.live(seed bigint, n bigint) returns void language plpgsql as $$
declare
    given constant jsonb := bench.report(seed, n);
    at timestamptz := (given ->> 'received_at')::timestamptz + interval '2 minutes';
    a anze.accident;
begin
    a.id := bench.id(n);
    a.version := 1;
    a.state := 'open';
    a.report_count := 1;
    a.is_drill := false;
    a.reported_at := given ->> 'received_at';
    a.recorded_at := at;
    a.updated_at := at;
    a.entry_level := 2;
    a := anze.accident_take(a, given - '{figures,reporter_name,reporter_phone,received_at}'::text[], '[]', at);
    a := anze.accident_begin(a, given, 2::smallint, at);
    insert into anze.accident_transmission (accident_id, from_level, to_level, channel, sent_at, recorded_at)
    values (a.id, 2, 3, 'system', at, at);
    if bench.random(seed, n, 'closed') < 0.99 then
        at := at + (1 + 2 * bench.random(seed, n, 'closing')) * interval '1 day';
        a.report_count := 2;
        insert into anze.accident_report (accident_id, number, kind, root, as_of, recorded_at, moves_grade, figures,
            content, level)
        values (a.id, 2, 'final', 2, at, at, at < a.supplement_ends_at, '{"missing": 0}',
            '{"narrative": "救援结束，善后工作正在进行。"}', 2);
        a.state := 'final';
        perform anze.accident_follow_up(a, 2, at);
        a := anze.accident_regrade(a, 2, at);
        perform anze.accident_plan(a, 2, at);
        a.version := 2;
    end if;
    perform anze.accident_store(a, at);
end
$$;

-- The originals, in transactions of a hundred.
create or replace procedure bench.load(seed bigint, from_n bigint, to_n bigint) language plpgsql as $$
begin
    for n in from_n .. to_n loop
        if n % 100 = 0 or n = from_n then
            commit;
            perform set_config('anze.reach', 'region', true), set_config('anze.region', '1506', true),
                set_config('anze.actor', 'bench', true);
        end if;
        perform bench.live(seed, n);
    end loop;
end
$$;

-- An instant of a copied text: of the original, of the copy.
create or replace function bench.moved(text text, at timestamptz, delta interval) returns text
stable parallel safe language sql as $$
    select replace(text, anze.instant(at), anze.instant(at + delta))
$$;

-- All columns of a table that can be written, but for those that `changed` gives.
create or replace function bench.columns(of_table regclass, changed jsonb, out names text, out expressions text)
stable language sql as $$
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum),
        string_agg(coalesce(changed ->> a.attname, 't.' || quote_ident(a.attname)), ', ' order by a.attnum)
    from pg_attribute a
    where a.attrelid = of_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and a.attidentity = ''
$$;

create or replace function bench.copy(seed bigint, originals bigint, to_n bigint) returns void language plpgsql as $$
declare
    part text;
    c record;
begin
    create temporary table copy as
    select bench.id((n - 1) % originals + 1) as from_id, bench.id(n) as id,
        -60 * bench.random(seed, n, 'moved') * interval '1 day' as delta
    from generate_series(originals + 1, to_n) n;
    c := bench.columns('anze.accident', jsonb_build_object('id', 'm.id', 'occurred_at', 't.occurred_at + m.delta',
        'learned_at', 't.learned_at + m.delta', 'reported_at', 't.reported_at + m.delta',
        'item', 'bench.moved(bench.moved(replace(t.item, t.id::text, m.id::text), t.occurred_at, m.delta),'
                ' t.reported_at, m.delta)'));
    execute format('insert into anze.accident (%s) select %s from copy m join anze.accident t on t.id = m.from_id',
                   c.names, c.expressions);
    foreach part in array array['report', 'grade_change', 'transmission', 'recipient'] loop
        c := bench.columns(('anze.accident_' || part)::regclass,
            jsonb_build_object('accident_id', 'm.id')
            || case part when 'transmission' then '{"id": "gen_random_uuid()"}'::jsonb else '{}' end);
        execute format('insert into anze.accident_%s (%s) select %s'
                       ' from copy m join anze.accident_%1$s t on t.accident_id = m.from_id',
                       part, c.names, c.expressions);
    end loop;
    c := bench.columns('anze.accident_page', jsonb_build_object('accident_id', 'm.id',
        'body', 'replace(t.body, t.accident_id::text, m.id::text)'));
    execute format('insert into anze.accident_page (%s) select %s'
                   ' from copy m join anze.accident_page t on t.accident_id = m.from_id', c.names, c.expressions);
    c := bench.columns('anze.deadline', '{"id": "gen_random_uuid()", "subject_id": "m.id"}');
    execute format('insert into anze.deadline (%s) select %s from copy m join anze.deadline t on t.subject_id = m.from_id',
                   c.names, c.expressions);
    drop table copy;
end
$$;
