-- Lights show the accidents of a unit beside what it let pass.
alter table anze.light_rule drop constraint light_rule_measure;
alter table anze.light_rule add constraint light_rule_measure check (measure in (
    'missed', 'missed_twice', 'overdue', 'escalated', 'unacknowledged_days', 'findings_first_responsible', 'findings',
    'hazards_major_open', 'hazards_late', 'hazards_repeated', 'cases_late', 'accidents', 'accidents_grave',
    'red_units_percent', 'yellow_units_percent', 'red_regions_percent'));
comment on constraint light_rule_measure on anze.light_rule is
    '指标不在代码表内。 | The measure is not in the code set. | /measure';
