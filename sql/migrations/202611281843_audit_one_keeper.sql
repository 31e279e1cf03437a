-- anze: no-transaction
-- anze: after-functions
-- anze.refuse_change() holds these tables now (functions/core/append_only.sql, functions/accidents/store.sql).

drop trigger if exists accident_keeps on anze.accident;
drop trigger if exists accident_keeps_all on anze.accident;
drop trigger if exists accident_keeps on anze.accident_report;
drop trigger if exists accident_keeps_all on anze.accident_report;
drop trigger if exists accident_keeps on anze.accident_grade_change;
drop trigger if exists accident_keeps_all on anze.accident_grade_change;
drop trigger if exists accident_keeps on anze.accident_transmission;
drop trigger if exists accident_keeps_all on anze.accident_transmission;
drop trigger if exists accident_keeps on anze.accident_receipt;
drop trigger if exists accident_keeps_all on anze.accident_receipt;
drop trigger if exists accident_keeps on anze.accident_recipient;
drop trigger if exists accident_keeps_all on anze.accident_recipient;
drop function if exists anze.accident_keeps();

drop trigger if exists audit_refuse_change on audit.entry;
drop trigger if exists audit_refuse_truncate on audit.entry;
drop trigger if exists audit_refuse_truncate on audit.entry_rest;
drop trigger if exists audit_refuse_change on audit.link;
drop trigger if exists audit_refuse_truncate on audit.link;
drop function if exists audit.refuse_change();
drop function if exists anze.refuse_rewriting();

-- The sealer of the last release would link again what is sealed now; it waits for its program's end.
drop function if exists audit.append_links(bigint, bytea, text, bigint[], bytea[]);
drop function if exists audit.unlinked(int);
