-- anze: after-functions
-- anze: backfill accident
-- What there was before is counted anew once, by the sweeper, where that can change something: persons missing or trapped,
-- a window by the sector and not by the category, coal before its regulation.
with taken as materialized (
    select a.id from anze.accident a where a.recount_at is null limit $1)
update anze.accident a
set recount_at = case
    when a.missing > 0 or a.trapped > 0 or a.rule_set <> anze.accident_rule_set(a.sector, anze.day_of(a.occurred_at))
        or a.supplement_ends_at <> anze.accident_supplement_end(
            a.occurred_at, anze.accident_supplement_rule(a.category_standard, a.category, a.sector))
    then clock_timestamp() else 'infinity' end
from taken where a.id = taken.id
