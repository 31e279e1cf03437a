-- anze: after-functions
-- A file of divisions may name a parent in a later row.
alter table anze.region alter constraint region_parent_fkey deferrable initially immediate;
