-- anze: after-functions
-- The window follows from the category.
drop table anze.accident_supplement_sector;
