-- By what else a hazard was judged, beside the leading criterion.
alter table anze.hazard_judgement add column further_criteria jsonb not null default '[]';
comment on column anze.hazard_judgement.further_criteria is 'the other criteria that were cited: [{code, version}]';
