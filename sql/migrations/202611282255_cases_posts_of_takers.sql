-- anze: after-functions
-- No function reads the posts of an action any more: its takers have them.
alter table anze.case_action drop column posts;
