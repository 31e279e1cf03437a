create or replace function anze.first_notice_at(due_at timestamptz, missed_from timestamptz, planned_on date)
returns timestamptz stable language sql return 'infinity'::timestamptz;
