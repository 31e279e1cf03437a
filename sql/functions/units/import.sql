-- Importing 单位. A unit is known by its code, else by its credit code; accountable_to, group and zone name units of the
-- file or of the database by either.

set local check_function_bodies = off;

create or replace function anze.import_units_check(cascade boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_candidates('anze.unit', '{id,kind,name,code,credit_code,region_code,sector,level,
        supervision_role,supervised_sectors,accountable_to,risk_class,site_kind,high_risk,group_id,zone_id,opened_on,
        closed_on}');
    perform anze.import_units_fill();
    perform anze.import_check_constraints('anze.unit'), anze.import_check_repeats('c.code', 'code'),
        anze.import_check_repeats('c.credit_code', 'credit_code'), anze.import_check_repeats('c.id', 'code');
    perform anze.import_units_refer();
    perform anze.import_units_check_codes(), anze.import_units_check_references(), anze.import_units_check_days();
    perform anze.import_units_check_posts();
    loop
        exit when anze.import_units_refuse_cycles('accountable_to') + anze.import_units_refuse_cycles('group_id')
                + anze.import_units_refuse_cycles('zone_id') = 0
            and (not cascade or anze.import_refuse_followers('accountable_to', 'id', 'accountable_to')
                + anze.import_refuse_followers('group_id', 'id', 'group')
                + anze.import_refuse_followers('zone_id', 'id', 'zone') = 0);
    end loop;
    perform anze.import_settle();
end
$$;

-- A unit that was registered without a code takes the one that comes with its credit code.
create or replace function anze.import_units_fill() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into candidate (line, is_new, effective_on, id, kind, name, code, credit_code, region_code, sector, level,
        supervision_role, supervised_sectors, accountable_to, risk_class, site_kind, high_risk, group_id, zone_id,
        opened_on, closed_on)
    select s.line, u.id is null,
        coalesce(nullif(s.effective_on, '')::date, greatest(anze.effective_on(), u.opened_on)),
        coalesce(u.id, gen_random_uuid()), s.kind, s.name, anze.import_text(s.code, u.code),
        anze.import_text(s.credit_code, u.credit_code), s.region_code, anze.import_text(s.sector, u.sector),
        anze.import_text(s.level, u.level), anze.import_text(s.supervision_role, u.supervision_role),
        anze.import_list(s.supervised_sectors, u.supervised_sectors), u.accountable_to,
        anze.import_text(s.risk_class, u.risk_class), anze.import_text(s.site_kind, u.site_kind),
        anze.import_list(s.high_risk, u.high_risk), u.group_id, u.zone_id,
        coalesce(anze.import_day(s.opened_on, u.opened_on), date '2000-01-01'),
        anze.import_day(s.closed_on, u.closed_on)
    from staged s
    left join anze.unit by_code on by_code.code = s.code
    left join anze.unit by_credit on by_code.id is null and by_credit.credit_code = s.credit_code
        and (by_credit.code is null or coalesce(s.code, '') = '')
    left join anze.unit u on u.id = coalesce(by_code.id, by_credit.id)
$$;

-- What a column names as a unit, by code or else by credit code: of the database, else of the file.
create or replace function anze.import_named_units(columns text[], of_file boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        create temporary table named on commit drop as
        select n.name, coalesce(by_code.id, by_credit.id) as id
        from (select distinct a.name from (%s) a) n
        left join anze.unit by_code on by_code.code = n.name
        left join anze.unit by_credit on by_code.id is null and by_credit.credit_code = n.name
        where n.name <> ''''',
        (select string_agg(format('select %I as name from staged', c), ' union all ') from unnest(columns) c));
    if of_file then
        update named n set id = c.id from candidate c
        where n.id is null and c.code = n.name and c.line not in (select r.line from refused r);
        update named n set id = c.id from candidate c
        where n.id is null and c.credit_code = n.name and c.line not in (select r.line from refused r);
        update named n set id = c.id from candidate c where n.id is null and n.name in (c.code, c.credit_code);
    end if;
    alter table named add primary key (name);
    analyze named;
    execute (select string_agg(format('
        insert into refused
        select s.line, %L, ''没有该单位。'', ''There is no such unit.''
        from staged s join named n on n.name = s.%1$I where n.id is null', c), ';') from unnest(columns) c);
end
$$;

create or replace function anze.import_units_refer() returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_named_units('{accountable_to,group,zone}', true);
    update candidate c
    set accountable_to = case when s.accountable_to is null then c.accountable_to else superior.id end,
        group_id = case when s."group" is null then c.group_id else head.id end,
        zone_id = case when s.zone is null then c.zone_id else around.id end
    from staged s
    left join named superior on superior.name = s.accountable_to
    left join named head on head.name = s."group"
    left join named around on around.name = s.zone
    where c.line = s.line and (s.accountable_to, s."group", s.zone) is distinct from (null, null, null);
    analyze candidate;
    -- what stands after the import: the file, and what it does not touch
    create temporary view standing as
    select c.line, c.id, c.kind, c.closed_on, c.accountable_to, c.group_id, c.zone_id from candidate c
    where c.line not in (select r.line from refused r)
    union all
    select null, u.id, u.kind, u.closed_on, u.accountable_to, u.group_id, u.zone_id from anze.unit u
    where u.id not in (select c.id from candidate c where c.line not in (select r.line from refused r));
end
$$;

create or replace function anze.import_units_check_codes() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select c.line, 'code', '单位编码和统一社会信用代码至少填写一项。', 'A unit has a code or a credit code.'
    from candidate c where c.code is null and c.credit_code is null
    union all
    select c.line, 'credit_code', '该统一社会信用代码已由另一单位登记。',
        'Another unit has this unified social credit code.'
    from candidate c join anze.unit u on u.credit_code = c.credit_code and u.id <> c.id
    union all
    select c.line, 'region_code',
        format('该行政区划代码在 %s 无效；有效期：%s。', c.effective_on, anze.region_days(c.region_code, true)),
        format('This division code does not hold on %s; it holds %s.', c.effective_on, anze.region_days(c.region_code, false))
    from candidate c
    left join anze.unit u on u.id = c.id
    where u.region_code is distinct from c.region_code and exists (select from anze.region r where r.code = c.region_code)
        and not exists (select from anze.region_span s where s.code = c.region_code
                        and (s.in_force @> c.effective_on or u.id is null and s.in_force @> c.opened_on))
    union all
    select c.line, 'supervised_sectors', '没有该行业领域。', 'There is no such sector.'
    from candidate c
    where c.supervised_sectors <> '{}'
        and not c.supervised_sectors <@ array(select s.code from anze.sector s)
$$;

-- References are looked at where they are new: to a unit that is open, and of the kind that is meant.
create or replace function anze.import_units_check_references() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    with reference as (
        select c.line, c.effective_on, r.field, r.id, r.kinds
        from candidate c
        left join anze.unit u on u.id = c.id
        cross join lateral (values
            ('accountable_to', c.accountable_to, u.accountable_to, null::text[]),
            ('group', c.group_id, u.group_id, '{enterprise_group}'),
            ('zone', c.zone_id, u.zone_id, '{management_zone,chemical_park}')) r(field, id, id_before, kinds)
        where r.id is not null and r.id is distinct from r.id_before
            and c.closed_on is null),
    known as materialized (select s.id, s.kind, s.closed_on from standing s)
    insert into refused
    select r.line, r.field, f.zh, f.en
    from reference r
    join known k on k.id = r.id
    cross join lateral (values
        (k.closed_on <= greatest(r.effective_on, anze.today()), '该单位已撤销。', 'That unit is closed.'),
        (k.kind <> all (r.kinds), '该单位不是集团总部或功能区（园区）。', 'That unit is not a group, or not a zone.')
        ) f(is_so, zh, en)
    where f.is_so
$$;

create or replace function anze.import_units_check_days() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select s.line, 'effective_on', '生效日期不能晚于今天。', 'The day cannot be in the future.'
    from staged s where nullif(s.effective_on, '')::date > anze.today()
    union all
    select c.line, 'effective_on', '生效日期不得早于该单位最近一次变更，且应在其存续期间内。',
        'The day is not before the last change of the unit, and within its lifetime.'
    from candidate c
    cross join lateral (select x.during from anze.unit_span x where x.unit_id = c.id order by x.during desc limit 1) s
    where not c.is_new and c.line in (select anze.import_changes('anze.unit'))
        and (c.effective_on < lower(s.during)
             or c.effective_on >= upper(s.during) and upper(s.during) is not distinct from c.closed_on)
$$;

-- No post that is held may be lost: by another kind of unit, or by its end.
create or replace function anze.import_units_check_posts() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select distinct c.line, f.field, f.zh, f.en
    from candidate c
    join anze.unit u on u.id = c.id and (u.kind <> c.kind or u.closed_on is distinct from c.closed_on)
    join anze.appointment a on a.unit_id = c.id
    join anze.post p on p.code = a.post
    cross join lateral (values
        ('kind', coalesce(upper(a.held) > c.effective_on, true) and c.kind <> all (p.unit_kinds),
         '有任职的职务不属于新的单位类型，请先办理免职。',
         'Posts are held that the new kind of unit does not have: end them first.'),
        ('closed_on', coalesce(upper(a.held), 'infinity') > c.closed_on, '撤销之后仍有任职，请先办理免职。',
         'Posts are held after that day: end them first.')) f(field, is_so, zh, en)
    where f.is_so
$$;

-- Rows in a circle of references, or below one; how many. What can be reached downward from units without a superior
-- is well; the walk takes each unit once.
create or replace function anze.import_units_refuse_cycles(reference text) returns bigint language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    n bigint;
begin
    execute format('create temporary table edge as'
                   ' select s.line, s.id, s.%I as upper from standing s where s.%1$I is not null', reference);
    create index on edge (upper);
    analyze edge;
    with recursive well(id) as (
        select e.id from edge e left join edge above on above.id = e.upper where above.id is null
        union all
        select e.id from well w join edge e on e.upper = w.id)
    insert into refused
    select e.line, anze.import_field(reference), '引用关系成环。', 'The references form a circle.'
    from edge e left join well w on w.id = e.id
    where e.line is not null and w.id is null;
    get diagnostics n = row_count;
    drop table edge;
    return n;
end
$$;
