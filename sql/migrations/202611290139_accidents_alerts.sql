-- Who must know of a grave accident is told when it is filed or its grade rises, not when a clock is late.

create table anze.accident_alert_rule (
    code text collate "C" not null,
    grade_from smallint not null,
    unit_kind text not null,
    supervision_role text,
    posts text[] not null default '{}',
    title_zh text not null,
    title_en text not null,
    instrument text collate "C" not null,
    article text not null,
    confidence text not null,
    constraint accident_alert_rule_pkey primary key (code),
    constraint accident_alert_rule_grade_fkey foreign key (grade_from) references anze.accident_grade
        deferrable initially deferred,
    constraint accident_alert_rule_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred
);
comment on table anze.accident_alert_rule is
    '事故警报对象: whom an accident of this grade and above is told to at once, at each level that it goes up to';
comment on column anze.accident_alert_rule.posts is 'the holders of these posts by name; without one of them, the body itself';
comment on constraint accident_alert_rule_pkey on anze.accident_alert_rule is '该警报对象已存在。 | It exists already. | /code';
comment on constraint accident_alert_rule_grade_fkey on anze.accident_alert_rule is
    '事故等级不存在。 | The grade does not exist. | /grade_from';
comment on constraint accident_alert_rule_instrument_fkey on anze.accident_alert_rule is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
grant select on anze.accident_alert_rule to anze_service;

create table anze.accident_alert_due (
    accident_id uuid not null,
    grade smallint not null,
    raised_at timestamptz not null,
    constraint accident_alert_due_pkey primary key (accident_id, grade),
    constraint accident_alert_due_accident_fkey foreign key (accident_id) references anze.accident
);
comment on table anze.accident_alert_due is '待发事故警报: accidents of which it is to be told who must know';
comment on constraint accident_alert_due_pkey on anze.accident_alert_due is '已待发。 | It waits already. | ';
comment on constraint accident_alert_due_accident_fkey on anze.accident_alert_due is
    '事故不存在。 | The accident does not exist. | ';

create table anze.accident_alert (
    id uuid not null,
    accident_id uuid not null,
    grade smallint not null,
    rule text collate "C" not null,
    level smallint not null,
    unit_id uuid not null,
    person_id uuid,
    raised_at timestamptz not null,
    next_notice_at timestamptz not null,
    constraint accident_alert_pkey primary key (id),
    constraint accident_alert_once unique nulls not distinct (accident_id, grade, unit_id, person_id),
    constraint accident_alert_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_alert_rule_fkey foreign key (rule) references anze.accident_alert_rule,
    constraint accident_alert_unit_fkey foreign key (unit_id) references anze.unit,
    constraint accident_alert_person_fkey foreign key (person_id) references anze.person
);
comment on table anze.accident_alert is '事故警报: who was told at once of an accident of a grade, once for each grade';
comment on column anze.accident_alert.next_notice_at is 'when the sweeper tells; infinity: it did';
comment on constraint accident_alert_pkey on anze.accident_alert is '该警报已存在。 | This alert exists already. | ';
comment on constraint accident_alert_once on anze.accident_alert is '该对象已警报。 | Who is told was told already. | ';
comment on constraint accident_alert_accident_fkey on anze.accident_alert is '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_alert_rule_fkey on anze.accident_alert is '警报对象不存在。 | The rule does not exist. | ';
comment on constraint accident_alert_unit_fkey on anze.accident_alert is '单位不存在。 | The unit does not exist. | ';
comment on constraint accident_alert_person_fkey on anze.accident_alert is '人员不存在。 | The person does not exist. | ';
create index accident_alert_next on anze.accident_alert (next_notice_at) where next_notice_at < 'infinity';
