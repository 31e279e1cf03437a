-- What one reads of an accident, but for what depends on who reads it and when, is rendered when it is written, and kept
-- beside it: anze.accident_page, one row each. Who reported it stands apart, because it is kept from whom it tells on; all else
-- is read by whoever sees the accident. A page is right as long as the accident was not written since (updated_at) and the
-- rules and titles that it names are those of then (law); without a right page it is rendered when somebody reads it, by the
-- same function.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The state of the rules and titles that pages name.
create or replace function anze.accident_law_number() returns bigint stable language plpgsql as $$
begin
    return (select l.number from anze.accident_law l);
end
$$;

create or replace function anze.accident_law_changes() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.accident_law set number = number + 1;
    return null;
end
$$;
create or replace trigger accident_law_begins after insert on anze.rule
    for each row when (starts_with(new.code, 'ACC.')) execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after update on anze.rule
    for each row when (starts_with(old.code, 'ACC.') and old is distinct from new)
    execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after update on anze.instrument
    for each row when (old is distinct from new) execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after update on anze.level
    for each row when (old is distinct from new) execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after update on anze.accident_grade
    for each row when (old is distinct from new) execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after update on anze.accident_danger
    for each row when (old is distinct from new) execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after insert or update or delete on anze.accident_clock_rule
    for each statement execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after insert or update or delete on anze.accident_recipient_rule
    for each statement execute function anze.accident_law_changes();
create or replace trigger accident_law_changes after insert or update or delete on anze.accident_telling
    for each statement execute function anze.accident_law_changes();

-- What is read beside what lists show -----------------------------------------------------------------------------------

create or replace function anze.accident_ending_json(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_build_object('ground', e.ground, 'into', e.into_id, 'reason', e.reason,
            'level', anze.level_code(e.level), 'ended_at', anze.instant(e.ended_at))
        from anze.accident_ending e where e.accident_id = accident);
end
$$;

create or replace function anze.accident_joined_json(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_agg(jsonb_build_object('id', x.id, 'unit_name', x.unit_name, 'region_code', x.region_code,
            'place', x.place, 'occurred_at', anze.instant(x.occurred_at), 'reported_at', anze.instant(x.reported_at))
            order by e.ended_at, e.accident_id)
        from anze.accident_ending e join anze.accident x on x.id = e.accident_id where e.into_id = accident);
end
$$;

create or replace function anze.accident_grades_json(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_agg(jsonb_build_object('number', h.number, 'grade', g.code, 'title_zh', g.title_zh,
            'title_en', g.title_en, 'is_lower_bound', h.is_lower_bound, 'report_number', h.report_number,
            'because', nullif(h.because, '{}'), 'changed_at', anze.instant(h.changed_at)) order by h.number)
        from anze.accident_grade_change h
        cross join lateral (select x.code, x.title_zh, x.title_en from anze.accident_grade x where x.rank = h.grade offset 0) g
        where h.accident_id = accident);
end
$$;

create or replace function anze.accident_dangers_json(a anze.accident, on_day date) returns jsonb stable language plpgsql as $$
begin
    if a.endangering = '{}' then
        return '[]';
    end if;
    return (select coalesce(jsonb_agg(jsonb_build_object('code', d.code, 'title_zh', d.title_zh, 'title_en', d.title_en)
            || anze.rule_basis(r, (select i.title from anze.instrument i where i.code = r.instrument), on_day)
            order by d.code), '[]')
        from anze.accident_danger d
        cross join lateral anze.rules_in_force(d.rule, on_day, a.region_code) r
        where d.code = any (a.endangering));
end
$$;

create or replace function anze.accident_levels_json(a anze.accident, on_day date) returns jsonb stable language plpgsql as $$
declare
    top constant smallint := anze.accident_top_level(a.grade, on_day, a.region_code);
    telephoned constant smallint[] := case when a.socially_major_at is not null then anze.accident_telephoned(a) else '{}' end;
begin
    return (select jsonb_agg(jsonb_build_object('level', l.code, 'title_zh', l.title_zh, 'title_en', l.title_en,
            'called_for', l.rank <= top or l.rank = any (telephoned), 'received_at', anze.instant(h.at)) order by l.rank)
        from anze.level l
        left join anze.accident_receptions(a.id, a.entry_level, a.reported_at) h on h.level = l.rank
        where l.rank >= 2 and anze.region_has_level(a.region_code, l.rank));
end
$$;

create or replace function anze.accident_transmissions_json(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select coalesce(jsonb_agg(anze.accident_transmission_json(t) order by anze.accident_sent_at(t), t.recorded_at), '[]')
        from anze.accident_transmission t where t.accident_id = accident);
end
$$;

-- Names and rules are looked up one by one: a join would read and hash their whole tables for a handful of rows. Text, because
-- trees of jsonb cost more than what is looked up.
create or replace function anze.accident_recipients_text(accident uuid, on_day date) returns text stable language plpgsql as $$
begin
    return (select '[' || coalesce(string_agg('{"level": "' || (select l.code from anze.level l where l.rank = t.level)
            || '", "recipient": "' || t.code || '", "title_zh": ' || to_json(c.title_zh) || ', "title_en": ' || to_json(c.title_en)
            || coalesce(', "told_at": "' || anze.instant(t.told_at) || '"', '') || coalesce(', "channel": "' || t.channel || '"', '')
            || ', ' || (select anze.rule_basis_text(r, (select i.title from anze.instrument i where i.code = r.instrument), on_day)
                        from anze.rule r where r.code = t.rule and r.version = t.rule_version)
            || '}', ', ' order by t.level, c.place), '') || ']'
        from anze.accident_recipient t
        cross join lateral (select x.title_zh, x.title_en, x.place from anze.accident_recipient_rule x
                            where x.level = t.level and x.code = t.code offset 0) c
        where t.accident_id = accident and t.superseded_at is null);
end
$$;

-- What one reads beside what lists show, without its braces. Small statements: what one costs to begin grows with what it has
-- to look up, and most accidents have little of most of it.
create or replace function anze.accident_page_body(a anze.accident) returns text stable language plpgsql as $$
declare
    on_day constant date := anze.day_of(a.occurred_at);
begin
    return substr(left(jsonb_strip_nulls(
        (a.facts - '{unit_id,unit_name,unit_credit_code,region_code,category,category_standard,sector,occurred_at,'
                   'learned_at,place,endangered}'::text[])
        || jsonb_build_object('rule_set', a.rule_set, 'learned_at', anze.instant(a.learned_at),
            'recorded_at', anze.instant(a.recorded_at), 'supplement_ends_at', anze.instant(a.supplement_ends_at),
            'report_count', a.report_count,
            'ending', case when anze.accident_is_ended(a.state) then anze.accident_ending_json(a.id) end,
            'joined', anze.accident_joined_json(a.id), 'grade_history', anze.accident_grades_json(a.id),
            'dangers', anze.accident_dangers_json(a, on_day), 'levels', anze.accident_levels_json(a, on_day),
            'transmissions', anze.accident_transmissions_json(a.id)))::text, -1), 2)
        || ', "recipients": ' || anze.accident_recipients_text(a.id, on_day);
end
$$;

-- Clocks -----------------------------------------------------------------------------------------------------------------

-- Clocks as one reads them, but for what the present moment says of those that run (neither met nor superseded). A daily
-- clock stands for all days that passed with too few follow-ups (`day` to `last_day`). Becomes a part of the statement that
-- asks.
create or replace function anze.accident_clocks_rendered(clocks anze.deadline[], on_day date)
returns table (d anze.deadline, shown text) stable rows 6 language sql as $$
    select x, '{"id": ' || (x.details ->> 'number') || ', "code": "' || x.clock || '", "title_zh": ' || to_json(x.title_zh)
        || ', "title_en": ' || to_json(x.title_en)
        || coalesce(', "from_level": "' || (select l.code from anze.level l where l.rank = anze.accident_clock_from(x)) || '"', '')
        || coalesce(', "to_level": "' || (select l.code from anze.level l where l.rank = anze.accident_clock_to(x)) || '"', '')
        || ', "starts_at": "' || anze.instant(x.starts_at) || '", "due_at": "' || anze.instant(x.due_at) || '"'
        || coalesce(', "met_at": "' || anze.instant(x.met_at) || '"', '')
        || coalesce(', "superseded_at": "' || anze.instant(x.superseded_at) || '"', '')
        || coalesce(', "because": "' || x.because || '"', '')
        || coalesce(', "superseded_by": ' || case when x.superseded_by is not null then (
                select n.details ->> 'number' from unnest(clocks) n where n.id = x.superseded_by) end, '')
        || coalesce(', "last_day": "' || to_char(anze.accident_last_day(x, x.met_at), 'YYYY-MM-DD') || '", "missed_days": '
                || anze.accident_last_day(x, x.met_at) - (x.details ->> 'day')::date + 1, '')
        || case when x.met_at is not null or x.superseded_at is not null
                then ', "state": "' || anze.accident_clock_state(x, x.due_at) || '"' else '' end
        || coalesce(', "late_by_seconds": ' || floor(extract(epoch from x.late))::bigint, '')
        || ', ' || (select anze.rule_basis_text(r, (select i.title from anze.instrument i where i.code = r.instrument), on_day)
                    from anze.rule r where r.code = x.rule and r.version = x.rule_version)
        || ', ' || substr((x.details - '{number,from_level,to_level}'::text[])::text, 2)
    from unnest(clocks) x
$$;

-- What the present moment says of a clock that runs: how many things were missed without anybody writing, and when the latest
-- was. `day`: of a daily one.
create or replace function anze.accident_clock_now(due_at timestamptz, is_owed boolean, day date, at timestamptz,
    out shown jsonb, out misses integer, out changed_at timestamptz) immutable parallel safe language plpgsql as $$
declare
    last_day constant date := case when day is not null and due_at < at then anze.day_of(at) - 1 end;
begin
    if due_at >= at then
        shown := '{"state": "running"}';
        misses := 0;
        return;
    end if;
    shown := jsonb_strip_nulls(jsonb_build_object('state', case when is_owed then 'overdue' else 'closed' end,
        'late_by_seconds', case when is_owed then floor(extract(epoch from at - due_at))::bigint end,
        'last_day', last_day, 'missed_days', last_day - day + 1));
    misses := coalesce(last_day - day + 1, 1);
    changed_at := coalesce(anze.end_of_day(last_day), due_at);
end
$$;

-- The clocks as one reads them at a moment.
create or replace function anze.accident_clocks(accident uuid, at timestamptz)
returns table (d anze.deadline, shown jsonb, misses integer, changed_at timestamptz) stable rows 6 language sql as $$
    select c.d, c.shown::jsonb || coalesce(n.shown, '{}'), coalesce(n.misses, 0), n.changed_at
    from (select array(select x from anze.deadline x where x.subject_id = a.id) as clocks, anze.day_of(a.occurred_at) as day
          from anze.accident a where a.id = accident offset 0) a -- no subselect among the arguments: it would not become a part
    cross join lateral anze.accident_clocks_rendered(a.clocks, a.day) c
    left join lateral anze.accident_clock_now((c.d).due_at, (c.d).is_owed, ((c.d).details ->> 'day')::date, at) n
        on (c.d).met_at is null and (c.d).superseded_at is null
$$;

-- The same as a page keeps them, in the order in which they are read.
create or replace function anze.accident_page_clocks(clocks anze.deadline[], on_day date) returns anze.accident_page_clock[]
stable language plpgsql as $$
begin
    return array(
        select row(c.shown, case when (c.d).met_at is null and (c.d).superseded_at is null then (c.d).due_at end,
            (c.d).is_owed, ((c.d).details ->> 'day')::date)::anze.accident_page_clock
        from anze.accident_clocks_rendered(clocks, on_day) c
        order by (c.d).due_at, ((c.d).details ->> 'number')::bigint);
end
$$;

-- A page's clocks at a moment.
create or replace function anze.accident_clocks_shown(clocks anze.accident_page_clock[], at timestamptz,
    out shown text, out misses integer, out changed_at timestamptz) immutable language plpgsql as $$
declare
    clock anze.accident_page_clock;
    moment record;
    texts text[] := '{}';
begin
    misses := 0;
    foreach clock in array clocks loop
        if clock.due_at is null then
            texts := texts || clock.shown;
        elsif clock.due_at >= at then
            texts := texts || (left(clock.shown, -1) || ', "state": "running"}');
        else
            moment := anze.accident_clock_now(clock.due_at, clock.is_owed, clock.day, at);
            texts := texts || (left(clock.shown, -1) || ', ' || substr(moment.shown::text, 2));
            misses := misses + moment.misses;
            changed_at := greatest(changed_at, moment.changed_at);
        end if;
    end loop;
    shown := '[' || array_to_string(texts, ', ') || ']';
end
$$;

-- The page ---------------------------------------------------------------------------------------------------------------

-- The accident as it is read. The law first: a rule that changes meanwhile makes the page old.
create or replace function anze.accident_page_of(a anze.accident, clocks anze.deadline[]) returns anze.accident_page
stable language plpgsql as $$
declare
    page anze.accident_page;
    filed constant anze.accident_report := anze.accident_first_report(a.id);
begin
    page.law := anze.accident_law_number();
    page.accident_id := a.id;
    page.updated_at := a.updated_at;
    page.body := anze.accident_page_body(a);
    page.clocks := anze.accident_page_clocks(clocks, anze.day_of(a.occurred_at));
    page.choices := anze.accident_choices(a, clocks);
    page.reporter := jsonb_strip_nulls(anze.accident_reporter(filed));
    page.filed_level := filed.level;
    page.filed_by := filed.actor;
    page.filed_for := filed.on_behalf_of;
    return page;
end
$$;

-- With the owner's rights, as all that renders.
create or replace function anze.accident_keep_page(a anze.accident, clocks anze.deadline[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    page constant anze.accident_page := anze.accident_page_of(a, clocks);
begin
    insert into anze.accident_page as kept select page.*
    on conflict on constraint accident_page_pkey do update
    set updated_at = excluded.updated_at, law = excluded.law, body = excluded.body, clocks = excluded.clocks,
        choices = excluded.choices;
end
$$;

-- The page that is kept, if it is right, else a new one.
create or replace function anze.accident_page(a anze.accident) returns anze.accident_page stable language plpgsql as $$
declare
    page anze.accident_page;
begin
    select p.* into page from anze.accident_page p
    where p.accident_id = a.id and p.updated_at = a.updated_at and p.law = (select l.number from anze.accident_law l);
    if page.accident_id is null then
        page := anze.accident_page_of(a, array(select d from anze.deadline d where d.subject_id = a.id));
    end if;
    return page;
end
$$;

-- Pages that are missing, or of rules and titles that changed since, are rendered again: rightly read they are meanwhile.
create or replace function anze.renew_accident_pages_of(ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.accident_keep_page(a, array(select d from anze.deadline d where d.subject_id = a.id))
    from anze.accident a where a.id = any (ids);
end
$$;

-- A part of a step of the sweep.
create or replace function anze.renew_accident_pages(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    present constant bigint := anze.accident_law_number();
    taken text[];
begin
    select array_agg(d.id) into taken from (
        select a.id from anze.accident_page p join anze.accident a on a.id = p.accident_id
        where p.law < present and not anze.is_set_aside('renew_accident_pages', a.id::text)
        limit max_rows for no key update of a skip locked) d;
    if taken is not null then
        perform anze.do_each('renew_accident_pages', 'accident', 'anze.renew_accident_pages_of($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;
