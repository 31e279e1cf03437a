-- anze: no-transaction
-- Alerts are few among all that is told: a list of them alone is read from what they alone stand in, whatever its scope.
create index concurrently if not exists notice_alert on anze.notice (issued_at desc, id desc) where kind = 'alert';
