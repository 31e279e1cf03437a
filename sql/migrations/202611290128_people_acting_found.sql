-- anze: no-transaction
-- Few posts are held by somebody acting: these are found without reading the others.
create index concurrently if not exists appointment_acting on anze.appointment (unit_id, post) where kind = 'acting';
alter table anze.appointment validate constraint appointment_kind;
