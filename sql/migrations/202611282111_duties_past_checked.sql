-- anze: no-transaction
-- Where the table is a partition already (a database that has no rows yet), there is nothing to look at.
do $$
begin
    if exists (select from pg_constraint c where c.conname = 'obligation_past_before') then
        alter table anze.obligation_past validate constraint obligation_past_before;
    end if;
end
$$;
