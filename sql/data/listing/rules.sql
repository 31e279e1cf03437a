-- The figures of listed supervision 挂牌督办, of what is asked of those above, and of hazards treated as accidents. No
-- national text has the figures of listing hazards: they come from local ones (found-local), or are defaults of the
-- program (recalled-low). A city that has its own revises them as data.
insert into anze.instrument (code, title, number, issued_by, in_force) values
    ('LISTING-LOCAL', '重大事故隐患挂牌督办办法（地方，青岛、湖北、水运等文本）', null, '地方人民政府安全生产委员会', '[2015-01-01,)'),
    ('LISTING-XINGAN-2025', '兴安盟重大事故隐患挂牌督办办法', '兴安委发〔2025〕11号', '兴安盟安全生产委员会', '[2025-01-01,)'),
    ('SC-2010-6', '重大事故查处挂牌督办办法', '安委〔2010〕6号', '国务院安全生产委员会', '[2010-01-01,)')
on conflict on constraint instrument_pkey do nothing;

select anze.ship_rule_limit('LIST.HAZ.', stricter => 'less'),
    anze.ship_rule_limit('LIST.HAZ.PROGRESS', minimum => 1, stricter => 'less'),
    anze.ship_rule_limit('LIST.HAZ.EXTENSION.AHEAD', stricter => 'more'),
    anze.ship_rule_limit('LIST.HAZ.EXTENSION.TIMES', maximum => 100, stricter => 'less'),
    anze.ship_rule_limit('LIST.HAZ.LATE.TIMES', maximum => 100, stricter => 'less'),
    anze.ship_rule_limit('ESCALATION.', stricter => 'less'),
    anze.ship_rule_limit('HAZACC.', stricter => 'less'),
    anze.ship_rule_limit('HAZACC.LEVEL');

select anze.ship_rule(r.code, 1, r.since::date, null, r.title_zh, r.title_en, r.value, r.unit, r.instrument, r.article,
    r.confidence, r.note_zh, r.note_en)
from (values
    ('LIST.HAZ.APPROVE', '2015-01-01', '挂牌督办提请后审定', 'A proposed listing is decided within', 10, 'workday', 'LISTING-LOCAL',
     '审定', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('LIST.HAZ.NOTICE', '2015-01-01', '审定后下达挂牌督办通知书', 'The notice goes out after the decision within', 3, 'workday',
     'LISTING-LOCAL', '下达', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('LIST.HAZ.FILE', '2015-01-01', '挂牌后报上级安委办备案', 'A listing is filed with the office above within', 3, 'workday',
     'LISTING-LOCAL', '备案', 'found-local', '青岛文本。', 'The text of Qingdao.'),
    ('LIST.HAZ.PUBLISH', '2015-01-01', '挂牌后公示', 'A listing is published within', 5, 'workday', 'LISTING-LOCAL', '公示',
     'found-local', '青岛文本；广东建筑施工为7个工作日。', 'The text of Qingdao; 7 in construction in Guangdong.'),
    ('LIST.HAZ.PLAN', '2015-01-01', '挂牌后报送整改方案', 'The plan is submitted after the listing within', 10, 'workday',
     'LISTING-LOCAL', '整改', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('LIST.HAZ.PROGRESS', '2015-01-01', '整改进度报告间隔', 'Progress is reported every', 1, 'month', 'LISTING-LOCAL', '整改',
     'recalled-low', '缺省值。', 'A default of the program.'),
    ('LIST.HAZ.MAXTERM', '2015-01-01', '挂牌督办整改最长期限', 'The longest term of rectification', 1, 'year', 'LISTING-LOCAL', '期限',
     'found-local', '青岛文本。', 'The text of Qingdao.'),
    ('LIST.HAZ.EXTENSION.AHEAD', '2015-01-01', '申请延期应提前', 'An extension is asked for ahead of the day by', 20, 'workday',
     'LISTING-LOCAL', '延期', 'found-local', '青岛文本。', 'The text of Qingdao.'),
    ('LIST.HAZ.EXTENSION.DECIDE', '2015-01-01', '延期申请的决定', 'An extension is decided within', 10, 'workday', 'LISTING-LOCAL',
     '延期', 'found-local', '青岛文本。', 'The text of Qingdao.'),
    ('LIST.HAZ.EXTENSION.TIMES', '2015-01-01', '可以延期的次数', 'How often it may be extended', 1, 'count', 'LISTING-LOCAL', '延期',
     'recalled-med', null, null),
    ('LIST.HAZ.LATE.TIMES', '2015-01-01', '逾期后可以重新明确期限的次数', 'How often a late one may be given a new day', 2, 'count',
     'LISTING-LOCAL', '期限', 'recalled-low', '缺省值，提级后重新计次；仍逾期的提级、停产停工或提请关闭。',
     'A default of the program, counted anew after it was taken over; then it is taken over, stopped or closed down.'),
    ('LIST.HAZ.REVIEW', '2008-02-01', '申请摘牌后现场核查', 'The review on site follows the request within', 10, 'day', 'SAWS-16',
     '第二十三条', 'found-local', '湖北文本；总局令16号第二十三条同为10日。', 'The text of Hubei; order 16 has the same 10 days.'),
    ('LIST.HAZ.STRIKEOFF', '2015-01-01', '核查通过后下达解除通知书', 'The removal is decided after the review within', 5, 'workday',
     'LISTING-LOCAL', '摘牌', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('LIST.HAZ.UNPUBLISH', '2015-01-01', '摘牌后公示', 'A removal is published within', 5, 'workday', 'LISTING-LOCAL', '摘牌',
     'found-local', '青岛文本：同一媒体。', 'The text of Qingdao: in the same media.'),
    ('LIST.HAZ.CLOSURE', '2015-01-01', '提请关闭后作出决定', 'A proposal to close is decided within', 20, 'workday', 'LISTING-LOCAL',
     '关闭', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('ESCALATION.DECIDE', '2022-01-01', '基层难以解决的问题：作出决定', 'What grassroots cannot solve is decided within', 15, 'workday',
     'OPINION-ORDOS-2022', '六', 'recalled-low', '文件要求“及时”，未定期限；缺省值。', 'The text says promptly; a default.'),
    ('ESCALATION.ANSWER', '2022-01-01', '退回后补充再报', 'What was returned is completed and sent again within', 10, 'workday',
     'OPINION-ORDOS-2022', '六', 'recalled-low', '缺省值。', 'A default of the program.'),
    ('HAZACC.LEVEL', '2022-01-01', '当作事故对待：至少由该层级办理', 'Treated as an accident: handled by this level or a higher one', 2,
     'level', 'OPINION-ORDOS-2022', '六', 'recalled-med', '比照国务院令第493号第十九条：县级以上人民政府调查。',
     'By analogy with order 493, article 19: governments from the county up investigate.'),
    ('HAZACC.INVESTIGATE', '2022-01-01', '当作事故对待：查清原因', 'Treated as an accident: causes are examined within', 60, 'day',
     'OPINION-ORDOS-2022', '六', 'recalled-med', '比照国务院令第493号第二十九条。', 'By analogy with order 493, article 29.'),
    ('HAZACC.LIABILITY', '2022-01-01', '当作事故对待：认定责任', 'Treated as an accident: liability is found within', 15, 'day',
     'OPINION-ORDOS-2022', '六', 'recalled-med', '比照国务院令第493号第三十二条。', 'By analogy with order 493, article 32.'),
    ('HAZACC.CLOSE', '2022-01-01', '当作事故对待：落实四不放过', 'Treated as an accident: the four checks are met within', 1, 'year',
     'OPINION-ORDOS-2022', '六', 'recalled-med', '比照安全生产法第八十六条一年内评估。', 'By analogy with article 86 of the law.')
) r(code, since, title_zh, title_en, value, unit, instrument, article, confidence, note_zh, note_en);
