-- 警示提醒: when whom is told of what is owed. The stages are rows, their days are rules: a house default that an
-- administrator revises (POST /v1/rules/NOTICE.…/versions).
select anze.ship_rule(r.code, 1, '2000-01-01', null, r.title_zh, r.title_en, r.value, 'day', 'OPINION-ORDOS-2022',
    '三', 'recalled-low', '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.')
from (values
    ('NOTICE.REMINDER.LONG', '到期前提醒（月度及以上周期、一次性）：自到期日起的天数',
     'Reminder of duties by the month and longer: days after the due time', -7),
    ('NOTICE.REMINDER.SHORT', '到期前提醒（每周、事件触发）：自到期日起的天数',
     'Reminder of weekly and event duties: days after the due time', -1),
    ('NOTICE.WARNING', '逾期警示：自宽限期满起的天数', 'Warning: days after the days of grace', 0),
    ('NOTICE.ESCALATION.SUPERIOR', '提级至上级责任单位：自宽限期满起的天数',
     'Escalation to the superior unit: days after the days of grace', 7),
    ('NOTICE.ESCALATION.OFFICE', '提级至旗区安委会办公室：自宽限期满起的天数',
     'Escalation to the county''s safety office: days after the days of grace', 15),
    ('NOTICE.ESCALATION.UPPER', '提级至市安委会办公室：自宽限期满起的天数',
     'Escalation to the city''s safety office: days after the days of grace', 30)
) as r(code, title_zh, title_en, value);

insert into anze.notice_stage as kept (code, place, kind, days_rule, counted_from, addressee, periods, title_zh, title_en)
values
    ('reminder', 10, 'reminder', 'NOTICE.REMINDER.LONG', 'due_at', 'unit', '{month,quarter,half_year,year,once}',
     '到期前提醒', 'Reminder'),
    ('reminder_short', 11, 'reminder', 'NOTICE.REMINDER.SHORT', 'due_at', 'unit', '{week,event}', '到期前一日提醒',
     'Reminder on the day before'),
    ('warning', 20, 'warning', 'NOTICE.WARNING', 'missed_from', 'unit', '{}', '逾期警示', 'Warning'),
    ('escalation_superior', 30, 'escalation', 'NOTICE.ESCALATION.SUPERIOR', 'missed_from', 'superior', '{}',
     '提级至上级责任单位', 'Escalation to the superior unit'),
    ('escalation_office', 40, 'escalation', 'NOTICE.ESCALATION.OFFICE', 'missed_from', 'safety_office', '{}',
     '提级至旗区安委会办公室', 'Escalation to the county''s safety office'),
    ('escalation_upper', 50, 'escalation', 'NOTICE.ESCALATION.UPPER', 'missed_from', 'upper_safety_office', '{}',
     '提级至市安委会办公室', 'Escalation to the city''s safety office')
on conflict on constraint notice_stage_pkey do update
set place = excluded.place, kind = excluded.kind, days_rule = excluded.days_rule,
    counted_from = excluded.counted_from, addressee = excluded.addressee, periods = excluded.periods,
    title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.place, kept.kind, kept.days_rule, kept.counted_from, kept.addressee, kept.periods, kept.title_zh,
       kept.title_en)
    is distinct from (excluded.place, excluded.kind, excluded.days_rule, excluded.counted_from, excluded.addressee,
                      excluded.periods, excluded.title_zh, excluded.title_en);
