-- What figures of the law are counted in, and how small and great one may be: what nobody means cannot be entered.
insert into anze.rule_unit as kept (code, title_zh, title_en, kind, minimum, maximum, is_whole, place) values
    ('minute', '分钟', 'minutes', 'duration', 0, 525600, true, 1),
    ('hour', '小时', 'hours', 'duration', 0, 87600, false, 2),
    ('day', '日', 'days', 'duration', 0, 3650, true, 3),
    ('workday', '工作日', 'working days', 'duration', 0, 2500, true, 4),
    ('month', '月', 'months', 'duration', 0, 120, true, 5),
    ('year', '年', 'years', 'duration', 0, 30, true, 6),
    ('person', '人', 'persons', 'count', 0, 1000000, true, 7),
    ('count', '个', 'by number', 'count', 0, 1000000, true, 8),
    ('per_day', '次/日', 'times a day', 'count', 0, 24, true, 9),
    ('cny', '元', 'yuan', 'money', 0, 1000000000000, false, 10),
    ('percent', '%', 'percent', 'share', 0, 100, false, 11),
    ('score', '分值', 'score', 'score', 0, 1000000, false, 12),
    ('level', '层级', 'rank of a level', 'rank', 1, 5, true, 13),
    ('day_of_month', '日（月内第几日）', 'day of the month', 'calendar', 1, 31, true, 14),
    ('month_of_year', '月（年内第几月）', 'month of the year', 'calendar', 1, 12, true, 15),
    ('metre', '米', 'metres', 'length', 0, 100000, false, 16),
    ('boolean', '是否', '0 or 1', 'truth', 0, 1, true, 17)
on conflict on constraint rule_unit_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, kind = excluded.kind, minimum = excluded.minimum,
    maximum = excluded.maximum, is_whole = excluded.is_whole, place = excluded.place
where kept is distinct from excluded;
