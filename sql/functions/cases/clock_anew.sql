-- A clock of a case whose rule was corrected within its day: from the same moment, by the figure that counts now.
create or replace function anze.case_clock_anew(d anze.deadline, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    c anze.case_file;
    k anze.case_clock;
    r anze.rule;
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
    perform anze.start_case_clock(c, k, d.starts_at);
    c.due_at := coalesce(
        (select min(x.due_at) from anze.deadline x where x.subject_id = c.id and x.is_running), 'infinity');
    c.version := c.version + 1;
    c.updated_at := at;
    perform anze.store_case(c);
end
$$;
