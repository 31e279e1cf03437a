-- One hazard may fall under several criteria: the first one leads, these are the others, each with the version of the day of
-- finding.
alter table anze.hazard add column further_criteria jsonb not null default '[]';
comment on column anze.hazard.further_criteria is 'the other criteria that it falls under: [{code, version}]';
