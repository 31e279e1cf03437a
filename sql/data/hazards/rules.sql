-- The figures about hazards. Where the law says 及时 (promptly) or nothing, the figure is a default of the program
-- (recalled-low): an administrator revises it as the city decides.
select anze.ship_rule_limit('HAZ.', stricter => 'less'),
    anze.ship_rule_limit('HAZ.STAT.', minimum => 1, maximum => 31, stricter => 'less'),
    anze.ship_rule_limit('HAZ.RECUR', minimum => 1, stricter => 'more'),
    -- Within the city's search for duplicates nobody is stricter than another.
    anze.ship_rule_limit('HAZ.DUP.');

select anze.ship_rule(r.code, 1, r.since::date, null, r.title_zh, r.title_en, r.value, r.unit, r.instrument, r.article,
    r.confidence, r.note_zh, r.note_en)
from (values
    ('HAZ.JUDGE', '2008-02-01', '隐患登记后判定等级', 'A hazard is judged within', 3, 'day', 'SAWS-16', '第三条', 'recalled-low',
     '缺省值。', 'A default of the program.'),
    ('HAZ.ORDER', '2008-02-01', '判定后下达整改要求', 'Its rectification is ordered within', 3, 'day', 'SAWS-16', '第二十条',
     'recalled-low', '缺省值。', 'A default of the program.'),
    ('HAZ.ATONCE', '2008-02-01', '责令立即改正的期限', 'An order to put right at once is kept within', 24, 'hour', 'LAW-FIRE',
     '第六十条', 'recalled-low', '法律要求立即；缺省按24小时核查。', 'The law says at once; by default it is looked at after 24 hours.'),
    ('HAZ.MAJOR.RPT', '2008-02-01', '重大隐患书面报告主管部门', 'A major hazard is reported to the department within', 1, 'day',
     'SAWS-16', '第十四条', 'recalled-low', '条文为“及时”；缺省1日。', 'The article says promptly; one day by default.'),
    ('HAZ.MAJOR.CONGRESS', '2008-02-01', '重大隐患向职工（代表）大会报告', 'A major hazard is reported to the workers'' congress within',
     7, 'day', 'LAW-SAFETY', '第四十一条', 'recalled-low', '条文未定期限；缺省7日。', 'The article sets no term; seven days by default.'),
    ('HAZ.PLAN', '2008-02-01', '重大隐患治理方案', 'The plan for a major hazard is there within', 15, 'day', 'SAWS-16', '第十五条',
     'recalled-low', '条文未定期限；缺省15日。', 'The article sets no term; fifteen days by default.'),
    ('HAZ.EXTENSION.DECIDE', '2008-02-01', '整改延期申请的审批', 'A request for more time is decided within', 10, 'workday', 'SAWS-16',
     '第二十条', 'found-local', '取自地方挂牌督办规定。', 'Taken from local rules about listed supervision.'),
    ('HAZ.REVIEW.GENERAL', '2008-02-01', '一般隐患整改复查', 'A general hazard is reviewed within', 10, 'day', 'SAWS-16', '第二十三条',
     'recalled-low', '缺省值。', 'A default of the program.'),
    ('HAZ.REVIEW', '2008-02-01', '重大隐患治理后现场审查', 'A major hazard is reviewed on site within', 10, 'day', 'SAWS-16',
     '第二十三条', 'recalled-high', null, null),
    ('HAZ.COAL.ACCEPT', '2024-05-01', '煤矿重大隐患消除后验收', 'Coal: acceptance after the application within', 20, 'day',
     'SC-COAL-2024', '第四十九条', 'found', null, null),
    ('HAZ.STOP', '2008-02-01', '暂时停产停业期限', 'A temporary stop lasts at most', 6, 'month', 'SAWS-15', '第十四条', 'found', null,
     null),
    ('HAZ.STAT.QUARTER', '2008-02-01', '季度统计分析表于下一季度第几日前报送', 'The table of a quarter is due on this day of the next',
     15, 'day_of_month', 'SAWS-16', '第十四条', 'found', null, null),
    ('HAZ.STAT.YEAR', '2008-02-01', '年度统计分析表于下一年1月第几日前报送', 'The table of a year is due on this day of January', 31,
     'day_of_month', 'SAWS-16', '第十四条', 'found', null, null),
    ('HAZ.RECUR', '2008-02-01', '同一单位同一标准再次出现的时限', 'The same again at the same unit counts as recurrence within', 365,
     'day', 'SAWS-16', '第二十条', 'recalled-low', '缺省一年。', 'A year by default.'),
    ('HAZ.DUP.DAYS', '2008-02-01', '疑似重复隐患的发现时间间隔', 'Likely duplicates were found at most this far apart', 90, 'day',
     'SAWS-16', '第二十条', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('HAZ.DUP.SCORE', '2008-02-01', '疑似重复隐患的最低相似度', 'Likely duplicates have at least this score', 55, 'percent', 'SAWS-16',
     '第二十条', 'recalled-low', '缺省值。', 'A default of the program.')
) as r(code, since, title_zh, title_en, value, unit, instrument, article, confidence, note_zh, note_en);
