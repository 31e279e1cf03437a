-- What every import of anze import stands on. One transaction of the schema's owner, with three temporary tables:
--
--   staged     the records of the file: line, and each column as text; NULL: not given, '': given as empty
--   candidate  the rows that they would become: the columns of the table, line, is_new, effective_on
--   refused    what is wrong: line, column of the file, and the sentence; a line may have several
--
-- import_<kind>_check fills the last two; import_write writes candidates by their lines. The rules of a table are
-- its constraints: their expressions are asked of the candidates, their comments are the sentences.

set local check_function_bodies = off;

create or replace function anze.import_begin(columns text[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('create temporary table staged (line bigint not null, %s) on commit drop',
                   (select string_agg(format('%I text collate "C"', c), ', ') from unnest(columns) c));
    create temporary table refused (line bigint not null, field text not null, zh text not null, en text not null)
        on commit drop;
end
$$;

-- What a column becomes: what is given, else what is there.
create or replace function anze.import_text(given text, kept text) returns text immutable parallel safe language sql
return case when given is null then kept else nullif(given, '') end;
create or replace function anze.import_list(given text, kept text[]) returns text[]
immutable parallel safe language sql
return case
    when given is null then coalesce(kept, '{}')
    when given = '' then '{}'
    else string_to_array(given, ';')
end;
create or replace function anze.import_day(given text, kept date) returns date immutable parallel safe language sql
return case when given is null then kept else nullif(given, '')::date end;

-- Makes the table of candidates from these columns of the target, and keeps others from writing to the target until the
-- end, so that what was checked is still so when it is written. Reading goes on.
create or replace function anze.import_candidates(target regclass, columns text[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('lock table %s in share row exclusive mode', target);
    execute format('create temporary table candidate on commit drop as'
                   ' select 0::bigint as line, false as is_new, null::date as effective_on, %s from %s with no data',
                   (select string_agg(quote_ident(c), ', ') from unnest(columns) c), target);
    alter table candidate add primary key (line);
    analyze staged;
end
$$;

-- The columns of the target that candidates have, ready to be written into a statement: alone, of c and of t.
create or replace function anze.import_columns(out names text, out given text, out kept text) stable language sql
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum),
        string_agg('c.' || quote_ident(a.attname), ', ' order by a.attnum),
        string_agg('t.' || quote_ident(a.attname), ', ' order by a.attnum)
    from pg_attribute a
    where a.attrelid = 'pg_temp.candidate'::regclass and a.attnum > 3 and not a.attisdropped
$$;

create or replace function anze.import_key(target regclass) returns text stable language sql
set search_path = pg_catalog, pg_temp
as $$
    select quote_ident(a.attname)
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = target and i.indisprimary
$$;

-- The lines that change a row which is there.
create or replace function anze.import_changes(target regclass) returns setof bigint language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant record := anze.import_columns();
begin
    return query execute format(
        'select c.line from candidate c join %s t on t.%s = c.%2$s where not c.is_new and (%s) is distinct from (%s)',
        target, anze.import_key(target), columns.given, columns.kept);
end
$$;

-- The column of a file that a constraint's pointer names: /group_id is the column group, /parent_code the column parent.
create or replace function anze.import_field(pointer text) returns text immutable parallel safe language sql
return regexp_replace(ltrim(pointer, '/ '), '(_id|(?<=parent)_code)$', '');

-- Asks the constraints of the target: its conditions, and its references to other tables by one column. Those of columns
-- that candidates do not have are none of theirs.
create or replace function anze.import_check_constraints(target regclass) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    c record;
begin
    analyze candidate;
    for c in
        select t.contype, pg_get_expr(t.conbin, t.conrelid) as condition, a.attname as referring,
            t.confrelid::regclass as referred, f.attname as key,
            string_to_array(obj_description(t.oid, 'pg_constraint'), ' | ') as says
        from pg_constraint t
        left join pg_attribute a on t.contype = 'f' and a.attrelid = t.conrelid and a.attnum = t.conkey[1]
        left join pg_attribute f on t.contype = 'f' and f.attrelid = t.confrelid and f.attnum = t.confkey[1]
        where t.conrelid = target
            and (t.contype = 'c' or t.contype = 'f' and t.confrelid <> t.conrelid and cardinality(t.conkey) = 1)
            and not exists (
                select from unnest(t.conkey) k(attnum)
                join pg_attribute o on o.attrelid = t.conrelid and o.attnum = k.attnum
                where o.attname not in (select x.attname from pg_attribute x
                                        where x.attrelid = 'pg_temp.candidate'::regclass and x.attnum > 3))
        order by t.contype, t.conname
    loop
        execute format('insert into refused select c.line, %L, %L, %L from candidate c where %s',
            anze.import_field(c.says[3]), c.says[1], c.says[2],
            case c.contype
            when 'c' then format('not (%s)', c.condition)
            else format('c.%I is not null and not exists (select from %s r where r.%I = c.%1$I)',
                        c.referring, c.referred, c.key)
            end);
    end loop;
end
$$;

-- A later row with the same key as an earlier one. NULL repeats nothing.
create or replace function anze.import_check_repeats(key text, field text) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        insert into refused
        select k.line, %L, format(''与第 %%s 行重复。'', k.first), format(''Repeats line %%s.'', k.first)
        from (select c.line, min(c.line) over (partition by %s) as first from candidate c where (%2$s) is not null) k
        where k.line > k.first', field, key);
end
$$;

-- Rows that refer to a new row which was refused; how many. Asked again until there are none.
create or replace function anze.import_refuse_followers(reference text, key text, field text) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    n bigint;
begin
    if not exists (select from refused) then
        return 0;
    end if;
    execute format('
        with bad as (select distinct line from refused)
        insert into refused
        select c.line, %L, ''所指的行未被接受。'', ''It refers to a row that was refused.''
        from candidate c
        where c.%2$I in (select t.%3$I from candidate t join bad b using (line) where t.is_new)
            and c.%2$I not in (select t.%3$I from candidate t left join bad b using (line) where b.line is null)
            and c.line not in (select b.line from bad b)', field, reference, key);
    get diagnostics n = row_count;
    return n;
end
$$;

-- What is refused is no candidate any more.
create or replace function anze.import_settle() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    delete from candidate c using (select distinct line from refused) r where c.line = r.line
$$;

-- Writes the candidates of these lines, by the day from which they count.
create or replace function anze.import_write(target regclass, first_line bigint, last_line bigint,
                                             out added bigint, out changed bigint, out unchanged bigint)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant record := anze.import_columns();
    n       bigint;
    day     date;
begin
    added := 0;
    changed := 0;
    for day in
        select distinct c.effective_on from candidate c where c.line between first_line and last_line order by 1
    loop
        perform set_config('anze.effective_on', day::text, true);
        execute format('
            update %s t set (%s, version, updated_at) = row(%s, t.version + 1, now())
            from candidate c
            where c.line between $1 and $2 and c.effective_on = $3 and not c.is_new
                and t.%s = c.%4$s and (%s) is distinct from (%3$s)',
            target, columns.names, columns.given, anze.import_key(target), columns.kept)
        using first_line, last_line, day;
        get diagnostics n = row_count;
        changed := changed + n;
        execute format('
            insert into %s (%s) select %s from candidate c
            where c.line between $1 and $2 and c.effective_on = $3 and c.is_new', target, columns.names, columns.given)
        using first_line, last_line, day;
        get diagnostics n = row_count;
        added := added + n;
    end loop;
    select count(*) - added - changed into unchanged from candidate c where c.line between first_line and last_line;
end
$$;
