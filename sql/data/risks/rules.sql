-- 风险分级管控: methods, boundaries and colours. A score that reaches a boundary has its colour (>=): sources differ on
-- equality, and the stricter reading is taken.
insert into anze.instrument (code, title, number, issued_by, in_force) values
    ('SCO-2016-11', '关于实施遏制重特大事故工作指南构建双重预防机制的意见', '安委办〔2016〕11号', '国务院安全生产委员会办公室', '[2016-10-09,)'),
    ('GB-18218-2018', '危险化学品重大危险源辨识', 'GB 18218-2018', '国家市场监督管理总局、国家标准化管理委员会', '[2019-03-01,)')
on conflict on constraint instrument_pkey do nothing;

insert into anze.risk_colour as kept (code, place, title_zh, title_en, least_control_level, instrument, confidence,
    lec_grade) values
    ('red', 0, '重大风险', 'Major risk', 'company', 'SCO-2016-11', 'recalled-med', 5),
    ('orange', 1, '较大风险', 'Larger risk', 'company', 'SCO-2016-11', 'recalled-med', 4),
    ('yellow', 2, '一般风险', 'Ordinary risk', 'workshop', 'SCO-2016-11', 'recalled-med', 3),
    ('blue', 3, '低风险', 'Low risk', 'post', 'SCO-2016-11', 'recalled-med', 2)
on conflict on constraint risk_colour_pkey do update
set place = excluded.place, title_zh = excluded.title_zh, title_en = excluded.title_en,
    least_control_level = excluded.least_control_level, instrument = excluded.instrument,
    confidence = excluded.confidence, lec_grade = excluded.lec_grade
where kept is distinct from excluded;

insert into anze.risk_factor as kept (method, factor, value, title_zh, title_en) values
    ('lec', 'likelihood', 10, '完全会被预料到', 'To be expected'),
    ('lec', 'likelihood', 6, '相当可能', 'Quite possible'),
    ('lec', 'likelihood', 3, '可能，但不经常', 'Possible, not often'),
    ('lec', 'likelihood', 1, '可能性小，完全意外', 'Unlikely, a complete surprise'),
    ('lec', 'likelihood', 0.5, '很不可能，可以设想', 'Very unlikely, conceivable'),
    ('lec', 'likelihood', 0.2, '极不可能', 'Extremely unlikely'),
    ('lec', 'likelihood', 0.1, '实际不可能', 'Practically impossible'),
    ('lec', 'exposure', 10, '连续暴露', 'Continuous'),
    ('lec', 'exposure', 6, '每天工作时间内暴露', 'Daily, in working hours'),
    ('lec', 'exposure', 3, '每周一次，或偶然暴露', 'Weekly, or now and then'),
    ('lec', 'exposure', 2, '每月一次暴露', 'Monthly'),
    ('lec', 'exposure', 1, '每年几次暴露', 'A few times a year'),
    ('lec', 'exposure', 0.5, '非常罕见的暴露', 'Very rare'),
    ('lec', 'consequence', 100, '大灾难，许多人死亡', 'Catastrophe, many deaths'),
    ('lec', 'consequence', 40, '灾难，数人死亡', 'Disaster, several deaths'),
    ('lec', 'consequence', 15, '非常严重，一人死亡', 'Very grave, one death'),
    ('lec', 'consequence', 7, '严重，重伤', 'Grave, a serious injury'),
    ('lec', 'consequence', 3, '重大，致残', 'Important, a disability'),
    ('lec', 'consequence', 1, '引人注目，需要救护', 'Noticeable, first aid'),
    ('matrix', 'likelihood', 5, '极易发生', 'Almost certain'),
    ('matrix', 'likelihood', 4, '容易发生', 'Likely'),
    ('matrix', 'likelihood', 3, '可能发生', 'Possible'),
    ('matrix', 'likelihood', 2, '不易发生', 'Unlikely'),
    ('matrix', 'likelihood', 1, '极不可能发生', 'Rare'),
    ('matrix', 'severity', 5, '多人死亡或特大损失', 'Several deaths or a very great loss'),
    ('matrix', 'severity', 4, '一人死亡或重大损失', 'A death or a great loss'),
    ('matrix', 'severity', 3, '重伤或较大损失', 'A serious injury or a larger loss'),
    ('matrix', 'severity', 2, '轻伤或一般损失', 'A minor injury or an ordinary loss'),
    ('matrix', 'severity', 1, '无伤害，轻微损失', 'No injury, a slight loss')
on conflict on constraint risk_factor_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.title_zh, kept.title_en) is distinct from (excluded.title_zh, excluded.title_en);

-- A boundary of nothing would make everything red. Sources of major hazard have the grades of a national standard alone.
select anze.ship_rule_limit('RISK.', minimum => 0.01, stricter => 'less'), anze.ship_rule_limit('HAZSOURCE.', minimum => 0.01);

select anze.ship_rule(r.code, 1, r.since::date, null, r.title_zh, r.title_en, r.value, 'score', r.instrument, r.article,
    r.confidence, r.note_zh, r.note_en)
from (values
    ('RISK.LEC.RED', '2016-10-09', 'LEC 法：红色（重大风险）D 值下限', 'LEC: least D of red', 320, 'SCO-2016-11', '三',
     'recalled-med', '各地对等号取法不一，本系统一律取 ≥；五级与四色的对应为通行做法。',
     'Sources differ on equality: >= is taken. Mapping five grades to four colours is usual practice.'),
    ('RISK.LEC.ORANGE', '2016-10-09', 'LEC 法：橙色（较大风险）D 值下限', 'LEC: least D of orange', 160, 'SCO-2016-11', '三',
     'recalled-med', '取 ≥。', '>= is taken.'),
    ('RISK.LEC.YELLOW', '2016-10-09', 'LEC 法：黄色（一般风险）D 值下限', 'LEC: least D of yellow', 70, 'SCO-2016-11', '三',
     'recalled-med', '取 ≥；低于此值为蓝色。', '>= is taken; below it is blue.'),
    ('RISK.LEC.GRADE2', '2016-10-09', 'LEC 法：2 级 D 值下限', 'LEC: least D of grade 2', 20, 'SCO-2016-11', '三',
     'recalled-med', '取 ≥；低于此值为 1 级，均为蓝色。', '>= is taken; below it is grade 1, both blue.'),
    ('RISK.MATRIX.RED', '2016-10-09', '风险矩阵法：红色（重大风险）下限', 'Matrix: least score of red', 20, 'SCO-2016-11', '三',
     'recalled-med', '可能性（1-5）× 严重性（1-5）。', 'Likelihood (1-5) x severity (1-5).'),
    ('RISK.MATRIX.ORANGE', '2016-10-09', '风险矩阵法：橙色（较大风险）下限', 'Matrix: least score of orange', 15, 'SCO-2016-11',
     '三', 'recalled-med', '可能性（1-5）× 严重性（1-5）。', 'Likelihood (1-5) x severity (1-5).'),
    ('RISK.MATRIX.YELLOW', '2016-10-09', '风险矩阵法：黄色（一般风险）下限', 'Matrix: least score of yellow', 9, 'SCO-2016-11',
     '三', 'recalled-med', '低于此值为蓝色。', 'Below it is blue.'),
    ('HAZSOURCE.R1', '2019-03-01', '重大危险源一级 R 值下限', 'Major hazard source: least R of grade 1', 100, 'GB-18218-2018',
     '4.3', 'recalled-high', null, null),
    ('HAZSOURCE.R2', '2019-03-01', '重大危险源二级 R 值下限', 'Major hazard source: least R of grade 2', 50, 'GB-18218-2018',
     '4.3', 'recalled-high', null, null),
    ('HAZSOURCE.R3', '2019-03-01', '重大危险源三级 R 值下限', 'Major hazard source: least R of grade 3', 10, 'GB-18218-2018',
     '4.3', 'recalled-high', '低于此值为四级。', 'Below it is grade 4.')
) r(code, since, title_zh, title_en, value, instrument, article, confidence, note_zh, note_en);
