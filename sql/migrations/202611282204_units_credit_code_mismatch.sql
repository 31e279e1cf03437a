-- anze: no-transaction
-- anze: after-functions
-- The few units whose credit code has a wrong check character are asked for as a list.
create index concurrently if not exists unit_credit_code_mismatch on anze.unit (name, id) where not anze.credit_code_is_valid(credit_code);
