-- Figures of duties that no text gives: house defaults, which an administrator revises. Fewer days are the stricter ones.
select anze.ship_rule_limit(l.prefix, l.minimum, l.maximum, stricter => 'less')
from (values ('DUTY.PROMPT.', 0, 400), ('DUTY.BACKDATE.', 0, 36500), ('DUTY.PLAN.', 0, 36500)) as l(prefix, minimum, maximum);

select anze.ship_rule(r.code, 1, '2000-01-01', null, r.title_zh, r.title_en, r.value, 'day', 'OPINION-ORDOS-2022', '三',
    'recalled-low', '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.')
from (values
    ('DUTY.PROMPT.DAYS', '“及时”履行的期限：自触发事件起的天数', 'Promptly: days after the event', 15),
    ('DUTY.BACKDATE.UNIT', '单位补录履职记录：最多可追溯的天数', 'How far back a unit enters its own records: days', 731),
    ('DUTY.BACKDATE.ABOVE', '上级补录履职记录：最多可追溯的天数', 'How far back those above a unit enter its records: days', 1826),
    ('DUTY.PLAN.BACK', '单位职责自过去某日起计划：最多可追溯的天数', 'How far back the duties of a unit are planned: days', 1826)
) as r(code, title_zh, title_en, value);
