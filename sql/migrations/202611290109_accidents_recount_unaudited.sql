-- When an accident is counted anew follows from the rest of it. Said in a short step of its own: the trigger of the audit is
-- made anew with it, and nobody who files an accident may wait for all functions.
insert into audit.masked_column (table_name, column_name, is_derived) values ('anze.accident', 'recount_at', true);
