-- A clock of an accident whose rule was corrected within its day: all that follows from the accident is planned as it would
-- be after a report, by the figures that count now.
create or replace function anze.accident_clock_anew(d anze.deadline, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    a anze.accident;
begin
    select * into a from anze.accident x where x.id = d.subject_id for update;
    if exists (select from anze.deadline x where x.id = d.id and x.met_at is null and x.superseded_at is null) then
        a.supplement_ends_at := anze.accident_supplement_end(
            a.occurred_at, anze.accident_supplement_rule(a.category_standard, a.category, a.sector));
        perform anze.accident_take_report(a, at);
    end if;
end
$$;
