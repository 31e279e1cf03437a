-- anze: after-functions
-- No function reads the posts of an action any more: its takers have them.

alter table anze.case_action drop column posts;
comment on column anze.case_action.takers is
    'each a name, or {"who": name, "power": that the caller''s body has, "level": least level of the caller, "posts": the '
    'person named by the field person_id holds one of these in the caller''s unit}. unit: who acts for the unit of the case; '
    'supervisor: the body that supervises it, or its level; office: a safety office of the case''s level; upper: a higher '
    'level than the case''s; anyone in reach; system: effects and time alone';
