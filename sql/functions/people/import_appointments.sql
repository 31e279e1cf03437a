-- Importing 任职. An appointment is known by its holder (unit and staff number), its unit, its post and its first day.

set local check_function_bodies = off;

create or replace function anze.import_appointments_check(cascade boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_candidates('anze.appointment', '{id,person_id,unit_id,post,held,document_number,
        ending_document_number,portfolio,portfolio_note,is_full_time,region_code,sector,is_body}');
    perform anze.import_named_units('{person_unit,unit}', false);
    perform anze.import_appointments_fill();
    perform anze.import_check_constraints('anze.appointment'), anze.import_check_repeats(
        '(c.person_id, c.unit_id, c.post, lower(c.held))', 'held_from');
    perform anze.import_appointments_check_holders(), anze.import_appointments_check_posts();
    perform anze.import_appointments_check_overlap();
    perform anze.import_settle();
end
$$;

-- Days that do not make a range become an empty one, which the table refuses.
create or replace function anze.import_appointments_fill() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into candidate (line, is_new, effective_on, id, person_id, unit_id, post, held, document_number,
        ending_document_number, portfolio, portfolio_note, is_full_time, region_code, sector, is_body)
    select s.line, a.id is null, anze.effective_on(), coalesce(a.id, gen_random_uuid()), p.id, u.id, s.post,
        case when h.until <= h.since then 'empty' else daterange(h.since, h.until) end,
        anze.import_text(s.document_number, a.document_number),
        anze.import_text(s.ending_document_number, a.ending_document_number),
        anze.import_list(s.portfolio, a.portfolio), anze.import_text(s.portfolio_note, a.portfolio_note),
        coalesce(anze.import_text(s.is_full_time, a.is_full_time::text)::boolean, false), u.region_code, u.sector,
        u.is_body
    from staged s
    left join named n on n.name = s.unit
    left join named k on k.name = coalesce(nullif(s.person_unit, ''), s.unit)
    left join anze.unit u on u.id = n.id
    left join anze.person p on p.unit_id = k.id and p.code = s.person_code
    left join anze.appointment a on a.person_id = p.id and a.unit_id = u.id and a.post = s.post
        and a.begins_on = s.held_from::date
    cross join lateral (
        select s.held_from::date as since, anze.import_day(s.held_until, upper(a.held)) as until) h
$$;

create or replace function anze.import_appointments_check_holders() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select c.line, 'person_code', '该单位没有此工号的人员。', 'The unit has no person of this staff number.'
    from candidate c
    join staged s using (line)
    join named k on k.name = coalesce(nullif(s.person_unit, ''), s.unit) and k.id is not null
    where c.person_id is null
    union all
    select c.line, 'portfolio', '没有该行业领域。', 'There is no such sector.'
    from candidate c
    where c.portfolio <> '{}' and not c.portfolio <@ array(select s.code from anze.sector s)
$$;

-- The post is one of that kind of unit, and is held while the unit exists.
create or replace function anze.import_appointments_check_posts() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into refused
    select c.line, f.field, f.zh, f.en
    from candidate c
    join anze.unit u on u.id = c.unit_id
    left join anze.post p on p.code = c.post
    cross join lateral (values
        ('post', u.kind <> all (p.unit_kinds), '该类单位没有此职务。', 'This kind of unit has no such post.'),
        ('held_from', lower(c.held) < u.opened_on or lower(c.held) >= u.closed_on, '任职起始日不在单位存续期间内。',
         'The unit does not exist on that day.'),
        ('held_until', u.closed_on is not null and coalesce(upper(c.held) > u.closed_on, true) and not isempty(c.held),
         '任职不能超过单位撤销之日。', 'No post is held after the unit closed.')) f(field, is_so, zh, en)
    where f.is_so
$$;

-- The same person in the same post twice at a time: with an earlier row or with what the file does not touch.
create or replace function anze.import_appointments_check_overlap() returns void language sql
set search_path = pg_catalog, pg_temp
as $$
    with term as (
        select c.line, c.person_id, c.unit_id, c.post, c.held
        from candidate c
        where c.person_id is not null and not isempty(c.held)
            and c.line not in (select r.line from refused r)
        union all
        select null, a.person_id, a.unit_id, a.post, a.held
        from anze.appointment a
        where a.person_id in (select c.person_id from candidate c)
            and a.id not in (select c.id from candidate c where c.line not in (select r.line from refused r))),
    beside as (
        select t.line, t.held,
            max(coalesce(upper(t.held), 'infinity')) over (
                partition by t.person_id, t.unit_id, t.post order by lower(t.held), t.line nulls first
                rows between unbounded preceding and 1 preceding) as earlier_until,
            min(lower(t.held)) filter (where t.line is null) over (
                partition by t.person_id, t.unit_id, t.post order by lower(t.held), t.line nulls first
                rows between 1 following and unbounded following) as later_from
        from term t)
    insert into refused
    select b.line, 'held_from', '该人员在此期间已任该职务。', 'The person holds this post in that time already.'
    from beside b
    where b.line is not null
        and (b.earlier_until > lower(b.held) or b.later_from < coalesce(upper(b.held), 'infinity'))
$$;
