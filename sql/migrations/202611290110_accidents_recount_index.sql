-- anze: no-transaction
alter table anze.accident_report validate constraint accident_report_channel;
create index concurrently if not exists accident_recount on anze.accident (recount_at) where recount_at < 'infinity';
create index concurrently if not exists accident_not_recounted on anze.accident (id) where recount_at is null;
