-- What follows from a change of the calendar, a batch at a time: each open clock that counts working days is counted anew by
-- its subject, anze.<subject>_clock_recounted(deadline, days that changed, notice, at). What had its day from the old calendar
-- is superseded by a clock that says what it was and which notice changed it; what ended stays as it ended.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.recount_clocks(w anze.calendar_work, max_rows integer) returns uuid language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    d anze.deadline;
begin
    for d in
        select x.* from anze.deadline x join anze.rule r on (r.code, r.version) = (x.rule, x.rule_version)
        where x.is_running and r.unit = 'workday' and x.planned_at <= w.changed_at and x.id > w.after
        order by x.id limit max_rows
    loop
        begin
            execute format('select anze.%I($1, $2, $3, $4)', d.subject || '_clock_recounted')
                using d, w.were, w.notice, clock_timestamp();
        exception when others then
            if anze.is_passing(sqlstate) then -- the moment's fault and not the clock's: the whole batch comes again
                raise;
            end if;
            raise warning 'the clock % was not counted anew: %', d.id, sqlstate using detail = sqlerrm;
        end;
    end loop;
    return d.id;
end
$$;

-- A step of the sweep: of one change one batch.
create or replace function anze.follow_calendar(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    w anze.calendar_work;
    last uuid;
begin
    select * into w from anze.calendar_work x order by x.id limit 1 for update skip locked;
    if w.id is null then
        return 0;
    end if;
    last := anze.recount_clocks(w, max_rows);
    if last is null then
        delete from anze.calendar_work x where x.id = w.id;
        return 1;
    end if;
    update anze.calendar_work x set after = last where x.id = w.id;
    return max_rows;
end
$$;

-- What a deadline says of the calendar: what it rests on, and what it was before the calendar changed.
create or replace function anze.deadline_calendar(d anze.deadline) returns jsonb stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object(
        'calendar', anze.calendar_basis(d.rule, d.rule_version, d.starts_at, d.due_at),
        'recounted', case when d.due_before is not null then jsonb_build_object('due_at_before', anze.instant(d.due_before),
            'reason_zh', '工作日安排有变，期限重新计算。', 'reason_en', 'The working days changed: it was counted anew.',
            'notice', (select jsonb_strip_nulls(jsonb_build_object('code', n.code, 'title', n.title, 'number', n.number,
                           'issued_on', n.issued_on)) from anze.calendar_notice n where n.code = d.calendar_notice)) end));
end
$$;
