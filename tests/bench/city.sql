-- What a year leaves behind: most of what fell due was done, some of it late, some of it missed; and hazards that are
-- open run against a deadline. As the service's own triggers count it.
set anze.reach = 'service';
set anze.actor = 'bench';
update anze.obligation o
set state = case when hashtextextended(o.id::text, 1) % 100 between -80 and 80 then 'done' else 'done_late' end,
    done_count = o.required, done_on = o.period_end - 1
where o.missed_from < now() and abs(hashtextextended(o.id::text, 2) % 100) < 94;

set session_replication_role = replica;
insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code, sector)
select 'case', c.id, 'rectify', '完成整改', 'Put it right', c.opened_at, c.due_at, c.unit_id, c.region_code, c.sector
from anze.case_file c where c.is_open and c.due_at < 'infinity' and c.due_at > c.opened_at;
set session_replication_role = origin;

do $$ begin while anze.fold_tally(10000) > 0 loop commit; end loop; end $$;
