-- 警示提醒: when whom is told of what is owed. The stages are rows, their times are rules: a house default that an
-- administrator revises (POST /v1/rules/NOTICE.…/versions).
-- A reminder comes before the time from which it is counted, whatever else is told does not; both within a year. Half a
-- day is a time too. Sooner is stricter.
select anze.ship_rule_limit(l.prefix, l.minimum, l.maximum, is_whole => false, stricter => 'less')
from (values
    ('NOTICE.REMINDER.', -365, 0), ('NOTICE.DEADLINE.REMINDER', -365, 0), ('NOTICE.DEADLINE.EVE', -365, 0),
    ('NOTICE.ACCIDENT.REMINDER', -525600, 0), ('NOTICE.ACCIDENT.', 0, 525600), ('NOTICE.', 0, 365)
) as l(prefix, minimum, maximum);

select anze.ship_rule(r.code, 1, '2000-01-01', null, r.title_zh, r.title_en, r.value, r.unit, 'OPINION-ORDOS-2022',
    '三', 'recalled-low', '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.')
from (values
    ('NOTICE.REMINDER.LONG', '到期前提醒（月度及以上周期、一次性）：自到期日起的天数',
     'Reminder of duties by the month and longer: days after the due time', -7, 'day'),
    ('NOTICE.REMINDER.SHORT', '到期前提醒（每周、事件触发）：自到期日起的天数',
     'Reminder of weekly and event duties: days after the due time', -1, 'day'),
    ('NOTICE.WARNING', '逾期警示：自宽限期满起的天数', 'Warning: days after the days of grace', 0, 'day'),
    ('NOTICE.ESCALATION.SUPERIOR', '提级至上级责任单位：自宽限期满起的天数',
     'Escalation to the superior unit: days after the days of grace', 7, 'day'),
    ('NOTICE.ESCALATION.OFFICE', '提级至旗区安委会办公室：自宽限期满起的天数',
     'Escalation to the county''s safety office: days after the days of grace', 15, 'day'),
    ('NOTICE.ESCALATION.UPPER', '提级至市安委会办公室：自宽限期满起的天数',
     'Escalation to the city''s safety office: days after the days of grace', 30, 'day'),
    ('NOTICE.DEADLINE.REMINDER', '案件时限到期前提醒：自到期时起的天数', 'Reminder of a deadline: days after the due time', -3, 'day'),
    ('NOTICE.DEADLINE.EVE', '案件时限到期前一日提醒：自到期时起的天数', 'Reminder on the eve of a deadline: days after the due time', -1, 'day'),
    ('NOTICE.DEADLINE.WARNING', '案件时限逾期警示：自到期时起的天数', 'Warning of a deadline: days after the due time', 0, 'day'),
    ('NOTICE.DEADLINE.SUPERIOR', '案件时限逾期提级至上级责任单位：自到期时起的天数',
     'Escalation of a deadline to the superior unit: days after the due time', 1, 'day'),
    ('NOTICE.DEADLINE.OFFICE', '案件时限逾期提级至旗区安委会办公室：自到期时起的天数',
     'Escalation of a deadline to the county''s safety office: days after the due time', 3, 'day'),
    ('NOTICE.DEADLINE.UPPER', '案件时限逾期提级至市安委会办公室：自到期时起的天数',
     'Escalation of a deadline to the city''s safety office: days after the due time', 7, 'day'),
    ('NOTICE.ACCIDENT.REMINDER', '事故时限到期前提醒：自到期时起的分钟数', 'Reminder of the clock of an accident: minutes after the due time',
     -20, 'minute'),
    ('NOTICE.ACCIDENT.WARNING', '事故时限逾期警示：自到期时起的分钟数', 'Warning of the clock of an accident: minutes after the due time',
     0, 'minute'),
    ('NOTICE.ACCIDENT.SUPERIOR', '事故时限逾期提级至上级责任单位：自到期时起的分钟数',
     'Escalation of the clock of an accident to the superior unit: minutes after the due time', 15, 'minute'),
    ('NOTICE.ACCIDENT.OFFICE', '事故时限逾期提级至旗区安委会办公室：自到期时起的分钟数',
     'Escalation of the clock of an accident to the county''s safety office: minutes after the due time', 30, 'minute'),
    ('NOTICE.ACCIDENT.UPPER', '事故时限逾期提级至市安委会办公室：自到期时起的分钟数',
     'Escalation of the clock of an accident to the city''s safety office: minutes after the due time', 60, 'minute'),
    ('NOTICE.ACCIDENT.ALERT', '较大以上事故警报：自定级时起的分钟数', 'Alert of a larger accident: minutes after it was graded', 0, 'minute')
) as r(code, title_zh, title_en, value, unit);

-- What is told at once: its clocks are who must know (accidents/alert.sql). With the functions that it names.
insert into anze.subject (code, title_zh, title_en, clocks, read_scope, place)
values ('accident_alert', '事故警报', 'Alert of an accident', 'accident_alert', 'accidents:read', 20)
on conflict on constraint subject_pkey do nothing;

insert into anze.notice_stage as kept (code, subject, place, kind, delay_rule, counted_from, addressee, periods,
    title_zh, title_en)
values
    ('reminder', 'obligation', 10, 'reminder', 'NOTICE.REMINDER.LONG', 'due_at', 'unit', '{month,quarter,half_year,year,once}',
     '到期前提醒', 'Reminder'),
    ('reminder_short', 'obligation', 11, 'reminder', 'NOTICE.REMINDER.SHORT', 'due_at', 'unit', '{week,event}', '到期前一日提醒',
     'Reminder on the day before'),
    ('warning', 'obligation', 20, 'warning', 'NOTICE.WARNING', 'missed_from', 'unit', '{}', '逾期警示', 'Warning'),
    ('escalation_superior', 'obligation', 30, 'escalation', 'NOTICE.ESCALATION.SUPERIOR', 'missed_from', 'superior', '{}',
     '提级至上级责任单位', 'Escalation to the superior unit'),
    ('escalation_office', 'obligation', 40, 'escalation', 'NOTICE.ESCALATION.OFFICE', 'missed_from', 'safety_office', '{}',
     '提级至旗区安委会办公室', 'Escalation to the county''s safety office'),
    ('escalation_upper', 'obligation', 50, 'escalation', 'NOTICE.ESCALATION.UPPER', 'missed_from', 'upper_safety_office', '{}',
     '提级至市安委会办公室', 'Escalation to the city''s safety office'),
    ('deadline_reminder', 'case', 110, 'reminder', 'NOTICE.DEADLINE.REMINDER', 'due_at', 'unit', '{}',
     '时限到期前提醒', 'Reminder of a deadline'),
    ('deadline_eve', 'case', 111, 'reminder', 'NOTICE.DEADLINE.EVE', 'due_at', 'unit', '{}', '时限到期前一日提醒',
     'Reminder on the eve'),
    ('deadline_warning', 'case', 120, 'warning', 'NOTICE.DEADLINE.WARNING', 'due_at', 'unit', '{}', '时限逾期警示',
     'Warning of a deadline'),
    ('deadline_superior', 'case', 130, 'escalation', 'NOTICE.DEADLINE.SUPERIOR', 'due_at', 'superior', '{}',
     '时限逾期提级至上级责任单位', 'Escalation of a deadline to the superior unit'),
    ('deadline_office', 'case', 140, 'escalation', 'NOTICE.DEADLINE.OFFICE', 'due_at', 'safety_office', '{}',
     '时限逾期提级至旗区安委会办公室', 'Escalation of a deadline to the county''s safety office'),
    ('deadline_upper', 'case', 150, 'escalation', 'NOTICE.DEADLINE.UPPER', 'due_at', 'upper_safety_office', '{}',
     '时限逾期提级至市安委会办公室', 'Escalation of a deadline to the city''s safety office'),
    ('accident_reminder', 'accident', 210, 'reminder', 'NOTICE.ACCIDENT.REMINDER', 'due_at', 'unit', '{}',
     '事故时限到期前提醒', 'Reminder of the clock of an accident'),
    ('accident_warning', 'accident', 220, 'warning', 'NOTICE.ACCIDENT.WARNING', 'due_at', 'unit', '{}', '事故时限逾期警示',
     'Warning of the clock of an accident'),
    ('accident_superior', 'accident', 230, 'escalation', 'NOTICE.ACCIDENT.SUPERIOR', 'due_at', 'superior', '{}',
     '事故时限逾期提级至上级责任单位', 'Escalation of the clock of an accident to the superior unit'),
    ('accident_office', 'accident', 240, 'escalation', 'NOTICE.ACCIDENT.OFFICE', 'due_at', 'safety_office', '{}',
     '事故时限逾期提级至旗区安委会办公室', 'Escalation of the clock of an accident to the county''s safety office'),
    ('accident_upper', 'accident', 250, 'escalation', 'NOTICE.ACCIDENT.UPPER', 'due_at', 'upper_safety_office', '{}',
     '事故时限逾期提级至市安委会办公室', 'Escalation of the clock of an accident to the city''s safety office'),
    ('accident_alert', 'accident_alert', 310, 'alert', 'NOTICE.ACCIDENT.ALERT', 'due_at', 'unit', '{}', '较大以上事故警报',
     'Alert of a larger accident')
on conflict on constraint notice_stage_pkey do update
set subject = excluded.subject, place = excluded.place, kind = excluded.kind, delay_rule = excluded.delay_rule,
    counted_from = excluded.counted_from, addressee = excluded.addressee, periods = excluded.periods,
    title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.subject, kept.place, kept.kind, kept.delay_rule, kept.counted_from, kept.addressee, kept.periods, kept.title_zh,
       kept.title_en)
    is distinct from (excluded.subject, excluded.place, excluded.kind, excluded.delay_rule, excluded.counted_from, excluded.addressee,
                      excluded.periods, excluded.title_zh, excluded.title_en);
