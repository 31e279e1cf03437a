-- anze: no-transaction
-- What a unit still owes in the order in which it is due: lists of a group read the next of each of its units, and lights what
-- is due by now. It takes the place of the index by missed_from, which nothing reads in its order.
create index concurrently if not exists obligation_unit_open_due on anze.obligation (unit_id, due_at, id) where is_open;
drop index concurrently if exists anze.obligation_unit_open;

-- What few rows have that are asked for in a whole city, so that a list of it does not walk through all others.
-- One duty that seldom comes, still open.
create index concurrently if not exists obligation_duty_open on anze.obligation (duty, due_at, id) where is_open;
-- One rule of structure: written once for a finding.
create index concurrently if not exists structural_finding_rule on anze.structural_finding (rule, since desc, id desc);
-- What one person is told of.
create index concurrently if not exists notice_person on anze.notice (person_id, issued_at desc, id desc)
    where person_id is not null;
