-- anze: no-transaction
-- Whether anything is withheld from anybody: asked before the uses of a file are.
create index concurrently case_file_withheld on anze.case_file (id) where withheld_from_unit;
