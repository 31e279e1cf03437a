-- anze: after-functions
-- anze: no-transaction
-- Summaries of the past read sums now: a unit's own figures of a period are read by the unit. Settling looks for the records
-- that name a period as well as for those of its days; few name one.
create index concurrently if not exists obligation_unit_period on anze.obligation (unit_id, period_end);
drop index concurrently if exists anze.obligation_period_end;
create index concurrently if not exists duty_record_for_period on anze.duty_record (unit_id, for_period)
    where for_period is not null;
drop table if exists anze.duty_change_filled;
