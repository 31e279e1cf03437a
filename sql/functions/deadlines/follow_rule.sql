-- What follows from a revision of a rule, a batch at a time. A version that was taken back within its day had planned clocks
-- meanwhile: each is superseded by one of the version that took its place, by its subject's anze.<subject>_clock_anew(deadline,
-- at). And the times of notices are reckoned when something is planned: the sweeper looks at all of the subject again. What
-- was told by the wrong figure stays told, and what ended stays as it ended.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Sets the next look of up to so many after an id to now; the last one's id, NULL: there is none.
create or replace function anze.look_again(of_subject anze.subject, after uuid, max_rows integer) returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    last uuid;
begin
    if of_subject.clocks = 'obligation' then
        with those as (
            select o.id from anze.obligation o where o.is_open and o.id > look_again.after order by o.id limit max_rows),
        looked as (
            update anze.obligation o set next_notice_at = now() from those t where o.id = t.id)
        select t.id into last from those t order by t.id desc limit 1;
    else
        with those as (
            select d.id from anze.deadline d
            where d.is_running and d.subject = of_subject.code and d.id > look_again.after order by d.id limit max_rows),
        looked as (
            update anze.deadline d set next_notice_at = now() from those t where d.id = t.id)
        select t.id into last from those t order by t.id desc limit 1;
    end if;
    return last;
end
$$;

-- The clocks that versions planned whose place another took, up to so many; the last one's id, NULL: there is none.
create or replace function anze.plan_clocks_anew(w anze.rule_work, max_rows integer) returns uuid language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    d anze.deadline;
begin
    for d in
        select x.* from anze.deadline x
        join anze.rule r on (r.code, r.version) = (x.rule, x.rule_version) and r.replaced_by is not null
        where x.rule = w.code and x.met_at is null and x.superseded_at is null and x.id > w.after
        order by x.id limit max_rows
    loop
        begin
            execute format('select anze.%I($1, $2)', d.subject || '_clock_anew') using d, clock_timestamp();
        exception when others then
            if anze.is_passing(sqlstate) then -- the moment's fault and not the clock's: the whole batch comes again
                raise;
            end if;
            raise warning 'the clock % was not planned anew: %', d.id, sqlstate using detail = sqlerrm;
        end;
    end loop;
    return d.id;
end
$$;

-- A step of the sweep: of one revision one batch.
create or replace function anze.follow_rules(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    w anze.rule_work;
    s anze.subject;
    last uuid;
begin
    select * into w from anze.rule_work x order by x.code, x.version limit 1 for update skip locked;
    if w.code is null then
        return 0;
    elsif w.step = 0 then
        last := anze.plan_clocks_anew(w, max_rows);
    else
        select * into s from anze.subject x where x.place = w.step;
        last := anze.look_again(s, w.after, max_rows);
    end if;
    if last is not null then
        update anze.rule_work x set after = last where (x.code, x.version) = (w.code, w.version);
        return max_rows;
    end if;
    select * into s from anze.subject x
    where x.place > w.step and x.code in (select t.subject from anze.notice_stage t where t.delay_rule = w.code)
    order by x.place limit 1;
    if s.code is null then
        delete from anze.rule_work x where (x.code, x.version) = (w.code, w.version);
    else
        update anze.rule_work x set step = s.place, after = '00000000-0000-0000-0000-000000000000'
        where (x.code, x.version) = (w.code, w.version);
    end if;
    return 1;
end
$$;
