-- anze: after-functions
-- anze: no-transaction
-- What a revision in mid-period withdrew, or counted by the new figure, is planned again: such periods count by the version
-- before. The sweeper does it, unit by unit.
update anze.duty_work w set plan_from = least(w.plan_from, r.since)
from (
    select o.unit_id, min(o.period_start) as since
    from anze.obligation o
    join anze.duty d on d.code = o.duty and d.version > 1 and d.origin = 'administrator' and d.period <> 'event'
        and o.period_start < lower(d.in_force) and o.period_end > lower(d.in_force)
    group by o.unit_id) r
where r.unit_id = w.unit_id
