-- anze: after-functions
-- anze: backfill case_file
-- Open cases that their unit opened: whoever has no level of government stands in it.
with own as materialized (
    select c.id from anze.case_file c
    where c.is_open and not c.is_own and exists (
        select from anze.case_event e where e.case_id = c.id and e.number = 1 and e.level = 0)
    limit $1)
update anze.case_file c set is_own = true from own where c.id = own.id
