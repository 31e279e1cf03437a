-- One name for one thing: levels of government are everybody's.

alter table anze.accident_level rename to level;
alter table anze.level rename constraint accident_level_pkey to level_pkey;
alter table anze.level rename constraint accident_level_code_key to level_code_key;
comment on table anze.level is '层级: the unit, and the levels of government above it';
comment on column anze.case_action.minimum_level is 'least rank of the caller''s level (anze.level): 0 unit … 4 province';
comment on column anze.case_file.level is 'the level of government that handles it (level.rank)';

-- For programs of the release before, until the next one.
create view anze.accident_level as select * from anze.level;
grant select on anze.accident_level to anze_service;
comment on view anze.accident_level is 'the former name of anze.level';
