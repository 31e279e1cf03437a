-- anze: with-functions
-- Takers may ask for more than who it is: powers and levels. Working days come from the rule's own unit (workday).
-- The functions of the last release read both as they were.

alter table anze.case_action drop constraint case_action_takers;
alter table anze.case_action alter column takers type jsonb using to_jsonb(takers);
alter table anze.case_action add constraint case_action_takers check (jsonb_typeof(takers) = 'array' and takers <> '[]');
comment on column anze.case_action.takers is
    'each a name, or {"who": name, "power": that the caller''s body has, "level": least level of the caller}. unit: who acts '
    'for the unit of the case; supervisor: the body that supervises it, or its level; office: a safety office of the case''s '
    'level; upper: a higher level than the case''s; anyone in reach; system: effects and time alone';
comment on constraint case_action_takers on anze.case_action is '请给出执行人。 | Say who takes it. | /takers';
alter table anze.case_clock drop column is_working_days;
