-- How far back a post may change hands: house defaults, which an administrator revises. Fewer days are the stricter ones.
select anze.ship_rule_limit('APPOINT.BACKDATE.', 0, 36500, stricter => 'less');

select anze.ship_rule(r.code, 1, '2000-01-01', null, r.title_zh, r.title_en, r.value, 'day', 'OPINION-ORDOS-2022', '三',
    'recalled-low', '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.')
from (values
    ('APPOINT.BACKDATE.UNIT', '单位登记本单位任职变动：最多可追溯的天数', 'How far back a unit changes its own posts: days', 366),
    ('APPOINT.BACKDATE.ABOVE', '上级登记任职变动：最多可追溯的天数', 'How far back those above a unit change its posts: days', 18250)
) as r(code, title_zh, title_en, value);
