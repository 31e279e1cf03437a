-- Figures and names of the law that stood in functions: rows.

alter table anze.accident_grade
    add column answering_rule text collate "C",
    add column event text;
comment on column anze.accident_grade.answering_rule is
    'the rule whose value is the rank of the level whose government answers for an accident of the grade';
comment on column anze.accident_grade.event is 'the event of duties (duty_event_kind) that reaching this grade is; NULL: none';

alter table anze.risk_colour add column lec_grade smallint;
comment on column anze.risk_colour.lec_grade is 'the grade that a score of this colour has by LEC; the lowest colour has one more';
