-- Importing 行政区划: columns code, name, parent, from, until. The parent is a row of the file or of the database; a
-- province has none. A code may come in several rows, each for other days.
set local check_function_bodies = off;

-- A code as it is kept: levels that are padded with zeros to 9 or 12 digits, or cut to 2 or 4, have 6 or 9.
create or replace function anze.division_code(given text) returns text immutable parallel safe strict
language plpgsql as $$
begin
    return case
        when given ~ '^[0-9]{6}0{3}(0{3})?$' then left(given, 6)
        when given ~ '^[0-9]{9}0{3}$' then left(given, 9)
        when given ~ '^[0-9]{2}$|^[0-9]{4}$' then rpad(given, 6, '0')
        else given end;
end
$$;

-- What the rows say. A division that is its own parent (a city without counties) stands for itself where another row
-- has it, and the heading of what a province governs itself (419000) is no division: what is below belongs to the province.
create or replace function anze.import_regions_read() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    create temporary table stated on commit drop as
    select s.line, anze.division_code(s.code) as code, s.name, s.parent is not null as says_parent,
        case when anze.division_code(s.parent) in (anze.division_code(s.code), left(s.code, 2) || '9000')
            then left(s.code, 2) || '0000' else anze.division_code(nullif(s.parent, '')) end as parent_code,
        s."from" is not null as says_from, nullif(s."from", '')::date as since,
        s.until is not null as says_until, nullif(s.until, '')::date as until,
        anze.division_code(s.parent) = anze.division_code(s.code) as is_own_parent
    from staged s
    where anze.division_code(s.code) !~ '^[0-9]{2}9000$'
$$;

-- Which period of its code a row speaks of: one that it overlaps, that with the same beginning before others; where
-- several rows speak of one, the latest of them, and the others are new.
create or replace function anze.import_regions_fill() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    with known as (
        select s.*, k.id, k.parent_code as kept_parent, k.in_force,
            row_number() over (partition by coalesce(k.id, gen_random_uuid()) order by s.since desc nulls last, s.line) as place
        from stated s
        left join lateral (
            select x.* from anze.region_span x
            where x.code = s.code and (s.until <= s.since or x.in_force && daterange(s.since, s.until))
            order by lower(x.in_force) is not distinct from s.since desc, lower(x.in_force) desc nulls last
            limit 1) k on true
        where not s.is_own_parent or not exists (
            select from stated o where o.code = s.code and not o.is_own_parent
            union all select from anze.region r where r.code = s.code)),
    said as (
        select k.*, k.id is null or k.place > 1 as is_new,
            case when k.says_from then k.since else lower(k.in_force) end as begins,
            case when k.says_until then k.until else upper(k.in_force) end as ends
        from known k)
    insert into candidate (line, is_new, effective_on, id, code, name, parent_code, in_force)
    select s.line, s.is_new, anze.effective_on(), case when s.is_new then gen_random_uuid() else s.id end, s.code, s.name,
        case when s.says_parent then s.parent_code else s.kept_parent end,
        case when s.begins >= s.ends then 'empty' else daterange(s.begins, s.ends) end
    from said s
$$;

create or replace function anze.import_regions_check_days() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select c.line, 'code', format('与第 %s 行重复。', min(o.line)), format('Repeats line %s.', min(o.line))
    from candidate c join candidate o on o.code = c.code and o.line < c.line and o.in_force && c.in_force
    group by c.line
    union all
    select c.line, 'from', format('该代码在 %s 至 %s 已有含义。', coalesce(lower(x.in_force)::text, '以前'),
            coalesce(upper(x.in_force)::text, '今后')),
        format('The code has another meaning from %s until %s.', coalesce(lower(x.in_force)::text, 'ever'),
            coalesce(upper(x.in_force)::text, 'today'))
    from candidate c
    join anze.region_span x on x.code = c.code and x.in_force && c.in_force
    where not exists (select from candidate o where o.id = x.id)
$$;

create or replace function anze.import_regions_check_parents() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select c.line, 'parent', '上级行政区划不在文件中，也不在数据库中。',
        'The parent is neither in the file nor in the database.'
    from candidate c
    where c.parent_code is not null
        and not exists (select from candidate p where p.code = c.parent_code)
        and not exists (select from anze.region r where r.code = c.parent_code)
    union all
    select c.line, 'parent', '没有上级；只有省级没有上级。', 'It has no parent; only a province has none.'
    from candidate c where c.parent_code is null and right(c.code, 4) <> '0000'
$$;

create or replace function anze.import_regions_check(cascade boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_candidates('anze.region_span', '{id,code,name,parent_code,in_force}');
    perform anze.import_regions_read();
    analyze stated;
    perform anze.import_regions_fill();
    create index on candidate (code);
    perform anze.import_check_constraints('anze.region_span'), anze.import_regions_check_days(),
        anze.import_regions_check_parents();
    while cascade and anze.import_refuse_followers('parent_code', 'code', 'parent') > 0 loop
    end loop;
    perform anze.import_settle();
end
$$;
