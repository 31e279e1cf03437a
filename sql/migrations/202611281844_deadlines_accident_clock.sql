-- anze: after-functions
-- Its rows are deadlines, and no function names them any more but those of before, which go with it.
drop table anze.accident_clock_before cascade;
