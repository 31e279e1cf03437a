-- A clock of a case whose rule was corrected within its day: from the same moment, by the figure that counts now. What was
-- added to it meanwhile, by a pause or more time, is added still.
create or replace function anze.case_clock_anew(d anze.deadline, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    was constant anze.rule := (select r from anze.rule r where (r.code, r.version) = (d.rule, d.rule_version));
    former constant timestamptz := anze.term_end(d.starts_at, was.value, was.unit);
    c anze.case_file;
    k anze.case_clock;
    r anze.rule;
    ends record;
begin
    select * into c from anze.case_file x where x.id = d.subject_id for update;
    select * into k from anze.case_clock x where (x.kind, x.version, x.code) = (c.kind, c.kind_version, d.clock);
    update anze.deadline x set superseded_at = at, because = 'fact_corrected' where x.id = d.id and x.is_running;
    if not found or not c.is_open or k.code is null then
        return;
    end if;
    if k.rule is null then -- an effect kept the day by the rule
        r := anze.rule_on(d.rule, anze.day_of(d.starts_at), c.region_code);
        c.facts := c.facts || jsonb_build_object(k.due_field,
            anze.day_of(anze.term_end(d.starts_at, r.value, r.unit) - interval '1 second'));
    end if;
    select * into ends from anze.case_clock_end(k, c.facts, c.region_code, d.starts_at);
    perform anze.put_case_clock(c, k, d.starts_at,
        case when k.counts_from = 'event' then ends.due_at + (d.due_at - former) else ends.due_at end,
        ends.rule, ends.rule_version, at);
    perform anze.tell_case_deadlines(c, c.state, at);
    c.due_at := coalesce(
        (select min(x.due_at) from anze.deadline x where x.subject_id = c.id and x.is_running), 'infinity');
    c.version := c.version + 1;
    c.updated_at := at;
    perform anze.store_case(c);
end
$$;
