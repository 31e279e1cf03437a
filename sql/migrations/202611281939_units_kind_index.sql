-- anze: no-transaction
-- Units of a kind are listed within a scope, whose index has their order; by this one all of the kind were gathered first.
drop index concurrently if exists anze.unit_kind_name;
