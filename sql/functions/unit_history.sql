-- The history of units: each change of anze.unit becomes a span, from the day that the change takes effect.

-- The day from which the changes of this transaction count: anze.effective_on, set by the functions that take such a
-- day from the caller; today otherwise.
create or replace function anze.effective_on() returns date stable parallel safe language sql
return coalesce(nullif(current_setting('anze.effective_on', true), '')::date, anze.today());
