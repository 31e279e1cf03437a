-- The law of accident reporting: its figures, and the small tables that say where each figure applies.
-- What is only recalled (confidence) is a default: confirm it, and revise it as data.

-- Grades are the nation's alone. A clock or a threshold may be stricter in a region; the nearest level that it goes up to is
-- the county's.
select anze.ship_rule_limit('ACC.GRADE.', minimum => 1),
    anze.ship_rule_limit('ACC.GRADE.MISSING', minimum => 0),
    anze.ship_rule_limit('ACC.ENDANGER.', minimum => 1, stricter => 'less'),
    anze.ship_rule_limit('ACC.RPT.', stricter => 'less'),
    anze.ship_rule_limit('ACC.RPT.TOP.', minimum => 2, stricter => 'more'),
    anze.ship_rule_limit('ACC.RPT.CONT.', minimum => 1, stricter => 'more'),
    anze.ship_rule_limit('ACC.RPT.SUPPLEMENT'),
    anze.ship_rule_limit('ACC.RPT.PEER');

select anze.ship_rule(r.code, 1, r.since::date, null, r.title_zh, r.title_en, r.value, r.unit, r.instrument, r.article,
    r.confidence, r.note_zh, r.note_en)
from (values
    -- Grades: 以上 inclusive, 以下 exclusive (article 3, last paragraph).
    ('ACC.GRADE.DEATHS.2', '2007-06-01', '较大事故：死亡人数下限', 'Larger accident: deaths from', 3, 'person',
     'SC-493', '第三条第一款第三项', 'found', null, null),
    ('ACC.GRADE.DEATHS.3', '2007-06-01', '重大事故：死亡人数下限', 'Major accident: deaths from', 10, 'person',
     'SC-493', '第三条第一款第二项', 'found', null, null),
    ('ACC.GRADE.DEATHS.4', '2007-06-01', '特别重大事故：死亡人数下限', 'Exceptional accident: deaths from', 30, 'person',
     'SC-493', '第三条第一款第一项', 'found', null, null),
    ('ACC.GRADE.INJURIES.2', '2007-06-01', '较大事故：重伤人数下限（含急性工业中毒）',
     'Larger accident: serious injuries from, acute poisoning included', 10, 'person', 'SC-493', '第三条第一款第三项', 'found',
     null, null),
    ('ACC.GRADE.INJURIES.3', '2007-06-01', '重大事故：重伤人数下限（含急性工业中毒）',
     'Major accident: serious injuries from, acute poisoning included', 50, 'person', 'SC-493', '第三条第一款第二项', 'found',
     null, null),
    ('ACC.GRADE.INJURIES.4', '2007-06-01', '特别重大事故：重伤人数下限（含急性工业中毒）',
     'Exceptional accident: serious injuries from, acute poisoning included', 100, 'person', 'SC-493', '第三条第一款第一项', 'found',
     null, null),
    ('ACC.GRADE.LOSS.2', '2007-06-01', '较大事故：直接经济损失下限', 'Larger accident: direct loss from', 10000000, 'cny',
     'SC-493', '第三条第一款第三项', 'found', null, null),
    ('ACC.GRADE.LOSS.3', '2007-06-01', '重大事故：直接经济损失下限', 'Major accident: direct loss from', 50000000, 'cny',
     'SC-493', '第三条第一款第二项', 'found', null, null),
    ('ACC.GRADE.LOSS.4', '2007-06-01', '特别重大事故：直接经济损失下限', 'Exceptional accident: direct loss from', 100000000,
     'cny', 'SC-493', '第三条第一款第一项', 'found', null, null),
    ('ACC.GRADE.MISSING', '2007-06-01', '下落不明人员按死亡人数定级', 'Missing persons count as deaths for the grade', 0,
     'boolean', 'SC-493', '第十二条第四项', 'recalled-med',
     '报告人数含下落不明；是否计入定级属统计调查制度，缺省不计入。',
     'Reports include the missing; whether they count for the grade is a statistical rule. By default they do not.'),

    ('ACC.GRADE.MISSING.AFTER', '2016-10-01', '事故后仍下落不明人员计入死亡人数',
     'Persons still missing so long after the accident count with the dead', 30, 'day', 'STATISTICS-2016', '指标解释（条款号未见）',
     'found', '下落不明超过此日数计入死亡人数；施行日为印发之月，具体日未见。',
     'More days than these; in force from the month of issue, whose day was not seen.'),
    ('ACC.GRADE.MISSING.AFTER.TRAFFIC.FIRE', '2016-10-01', '道路交通、火灾事故后仍下落不明人员计入死亡人数',
     'Road traffic and fire: persons still missing so long after the accident count with the dead', 7, 'day', 'STATISTICS-2016',
     '指标解释（条款号未见）', 'found', '下落不明超过此日数计入死亡人数；施行日为印发之月，具体日未见。',
     'More days than these; in force from the month of issue, whose day was not seen.'),

    -- From when a sector's accidents follow a regulation of their own.
    ('ACC.RULESET.COAL', '2024-05-01', '煤矿事故适用煤矿安全生产条例', 'Accidents of coal mines follow the coal regulation', null, 'boolean',
     'SC-COAL-2024', '第七十六条', 'found', null, null),

    -- How far up: value is the rank of the level (2 county, 3 city, 4 province, 5 nation).
    ('ACC.RPT.TOP.1', '2007-06-01', '一般事故上报至设区的市级', 'Ordinary accidents go up to the city', 3, 'level',
     'SC-493', '第十条第一款第三项', 'found', null, null),
    ('ACC.RPT.TOP.2', '2007-06-01', '较大事故逐级上报至省级', 'Larger accidents go up to the province', 4, 'level',
     'SC-493', '第十条第一款第二项', 'found', null, null),
    ('ACC.RPT.TOP.3', '2007-06-01', '重大事故逐级上报至国务院有关部门', 'Major accidents go up to the nation', 5, 'level',
     'SC-493', '第十条第一款第一项', 'found', null, null),
    ('ACC.RPT.TOP.4', '2007-06-01', '特别重大事故逐级上报至国务院有关部门', 'Exceptional accidents go up to the nation', 5,
     'level', 'SC-493', '第十条第一款第一项', 'found', null, null),

    -- Whose government answers for it and has it investigated, by the rank of the level.
    ('ACC.INV.AUTH.1', '2007-06-01', '一般事故由县级人民政府调查', 'Ordinary accidents: the county investigates', 2, 'level', 'SC-493',
     '第十九条', 'found', null, null),
    ('ACC.INV.AUTH.2', '2007-06-01', '较大事故由设区的市级人民政府调查', 'Larger accidents: the city investigates', 3, 'level', 'SC-493',
     '第十九条', 'found', null, null),
    ('ACC.INV.AUTH.3', '2007-06-01', '重大事故由省级人民政府调查', 'Major accidents: the province investigates', 4, 'level', 'SC-493',
     '第十九条', 'found', null, null),
    ('ACC.INV.AUTH.4', '2007-06-01', '特别重大事故由国务院或者其授权的部门调查', 'Exceptional accidents: the State Council investigates', 5,
     'level', 'SC-493', '第十九条', 'found', null, null),

    -- Clocks.
    ('ACC.RPT.UNIT', '2007-06-01', '单位负责人接到报告后向县级以上部门报告',
     'The unit''s head reports to the county or above, from when he learned of it', 1, 'hour', 'SC-493', '第九条', 'found',
     null, null),
    ('ACC.RPT.COAL', '2024-05-01', '煤矿事故立即报告应急、煤矿监管部门和所在地矿山安全监察机构',
     'Coal: at once to emergency management, the coal regulator and the mine safety agency', 0, 'hour', 'SC-COAL-2024',
     '第五十九条', 'found', '立即；最迟不超过《生产安全事故报告和调查处理条例》第九条的1小时。',
     'At once; the hour of article 9 of the accident regulation is the outer bound.'),
    ('ACC.RPT.MINE', '2023-01-17', '矿山事故1小时内报告省级矿山安全监察机构和矿山安全监管部门',
     'Mines: within an hour to the provincial bureau of mine safety and the mine safety regulator', 1, 'hour', 'NMSA-2023-7',
     '全文（条款号未见）', 'found', null, null),
    ('ACC.RPT.TOLD.WITHIN', '2007-06-01', '接报部门补录电话、书面续报可追溯的时间',
     'How long ago an office may say it was told what it enters now', 7, 'day', 'OPINION-ORDOS-2022', '十四', 'recalled-low',
     '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.'),
    ('ACC.RPT.LEVEL', '2007-06-01', '逐级上报，每级不超过2小时', 'Each level passes it up within', 2, 'hour', 'SC-493', '第十一条',
     'found', null, null),
    ('ACC.RPT.UNIT.PROVINCE', '2009-07-01', '较大以上事故单位同时报告省级',
     'Larger and above: the unit itself reports to the province', 1, 'hour', 'SAWS-21', '第六条', 'recalled-high', null, null),
    ('ACC.RPT.UNIT.NATION', '2009-07-01', '重大以上事故单位立即报告国家',
     'Major and above: the unit itself reports to the nation at once', 0, 'hour', 'SAWS-21', '第六条', 'recalled-high', null,
     null),
    ('ACC.RPT.FLASH.2', '2009-07-01', '较大事故电话快报省级', 'Larger: county and city telephone the province', 1, 'hour',
     'SAWS-21', '第八条', 'recalled-high', null, null),
    ('ACC.RPT.FLASH.3', '2009-07-01', '重大以上事故电话快报国家',
     'Major and above: county, city and province telephone the nation', 1, 'hour', 'SAWS-21', '第九条', 'recalled-high',
     null, null),
    ('ACC.RPT.CONT.1', '2009-07-01', '一般事故每日续报次数', 'Ordinary: follow-ups a day', 1, 'per_day', 'SAWS-21', '第十一条',
     'found', null, null),
    ('ACC.RPT.CONT.2', '2009-07-01', '较大事故每日续报次数', 'Larger: follow-ups a day', 1, 'per_day', 'SAWS-21', '第十一条',
     'recalled-high', null, null),
    ('ACC.RPT.CONT.3', '2009-07-01', '重大事故每日续报次数', 'Major: follow-ups a day', 2, 'per_day', 'SAWS-21', '第十一条',
     'found', null, null),
    ('ACC.RPT.CONT.4', '2009-07-01', '特别重大事故每日续报次数', 'Exceptional: follow-ups a day', 2, 'per_day', 'SAWS-21',
     '第十一条', 'found', null, null),
    ('ACC.RPT.SUPPLEMENT', '2007-06-01', '伤亡人数变化的补报期限', 'Changes of casualties count within', 30, 'day',
     'SC-493', '第十三条', 'found', null, null),
    ('ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE', '2007-06-01', '道路交通、火灾事故伤亡人数变化的补报期限',
     'Road traffic and fire: changes of casualties count within', 7, 'day', 'SC-493', '第十三条', 'found', null, null),

    -- Seriously endangering 较大涉险.
    ('ACC.ENDANGER.ATRISK', '2009-07-01', '涉险人数下限', 'Persons at risk from', 10, 'person', 'SAWS-21', '第二十六条', 'found',
     null, null),
    ('ACC.ENDANGER.TRAPPED', '2009-07-01', '被困或下落不明人数下限', 'Persons trapped or missing from', 3, 'person',
     'SAWS-21', '第二十六条', 'found', null, null),
    ('ACC.ENDANGER.EVACUATED', '2009-07-01', '紧急疏散人数下限', 'Persons evacuated from', 500, 'person', 'SAWS-21', '第二十六条',
     'recalled-high', '另有文本另加住院观察10人以上。', 'One text adds: and 10 or more under observation in hospital.'),
    ('ACC.ENDANGER.POLLUTION', '2009-07-01', '对环境造成严重污染', 'Serious pollution of where people live on it', null,
     'boolean', 'SAWS-21', '第二十六条', 'found', null, null),
    ('ACC.ENDANGER.FACILITY', '2009-07-01', '危及重要场所和设施安全', 'Danger to important places and facilities', null,
     'boolean', 'SAWS-21', '第二十六条', 'found', null, null),
    ('ACC.ENDANGER.OTHER', '2009-07-01', '其他较大涉险事故', 'Otherwise seriously endangering', null, 'boolean', 'SAWS-21',
     '第二十六条', 'found', null, null),

    -- Who is told beside the next level.
    ('ACC.RPT.PEER', '2007-06-01', '通知公安机关、人力资源社会保障部门、工会和人民检察院',
     'Tell public security, labour security, the trade union and the procuratorate', null, 'boolean', 'SC-493', '第十条',
     'found', null, null),
    ('ACC.RPT.PEER.GOVERNMENT', '2007-06-01', '同时报告本级人民政府', 'Report to the government of the same level', null,
     'boolean', 'SC-493', '第十条', 'found', null, null),
    ('ACC.RPT.PEER.STATECOUNCIL', '2007-06-01', '重大以上事故立即报告国务院', 'Major and above: the State Council at once',
     null, 'boolean', 'SC-493', '第十条', 'found', null, null),
    ('ACC.RPT.PEER.OFFICE', '2007-06-01', '通报本级安全生产委员会办公室', 'Tell the safety committee''s office', null,
     'boolean', 'OPINION-ORDOS-2022', '十四', 'found-local', '地方实施意见（征求意见稿）的要求。',
     'Asked for by a local implementing opinion, a draft.')
) as r(code, since, title_zh, title_en, value, unit, instrument, article, confidence, note_zh, note_en);

insert into anze.level as kept (rank, code, title_zh, title_en) values
    (0, 'unit', '事故发生单位', 'The unit'),
    (1, 'town', '乡镇级', 'Town'),
    (2, 'county', '县级', 'County'),
    (3, 'city', '设区的市级', 'City'),
    (4, 'province', '省级', 'Province'),
    (5, 'nation', '国家级', 'Nation')
on conflict on constraint level_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.title_zh, kept.title_en) is distinct from (excluded.title_zh, excluded.title_en);

insert into anze.accident_grade as kept (rank, code, title_zh, title_en, top_rule, daily_rule, answering_rule, event) values
    (1, 'ordinary', '一般事故', 'Ordinary accident', 'ACC.RPT.TOP.1', 'ACC.RPT.CONT.1', 'ACC.INV.AUTH.1', null),
    (2, 'larger', '较大事故', 'Larger accident', 'ACC.RPT.TOP.2', 'ACC.RPT.CONT.2', 'ACC.INV.AUTH.2', 'accident_larger'),
    (3, 'major', '重大事故', 'Major accident', 'ACC.RPT.TOP.3', 'ACC.RPT.CONT.3', 'ACC.INV.AUTH.3', 'accident_larger'),
    (4, 'exceptional', '特别重大事故', 'Exceptional accident', 'ACC.RPT.TOP.4', 'ACC.RPT.CONT.4', 'ACC.INV.AUTH.4', 'accident_larger')
on conflict on constraint accident_grade_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, top_rule = excluded.top_rule,
    daily_rule = excluded.daily_rule, answering_rule = excluded.answering_rule, event = excluded.event
where (kept.title_zh, kept.title_en, kept.top_rule, kept.daily_rule, kept.answering_rule, kept.event)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.top_rule, excluded.daily_rule, excluded.answering_rule,
                      excluded.event);

insert into anze.accident_threshold as kept (dimension, grade, rule) values
    ('deaths', 2, 'ACC.GRADE.DEATHS.2'),
    ('deaths', 3, 'ACC.GRADE.DEATHS.3'),
    ('deaths', 4, 'ACC.GRADE.DEATHS.4'),
    ('serious_injuries', 2, 'ACC.GRADE.INJURIES.2'),
    ('serious_injuries', 3, 'ACC.GRADE.INJURIES.3'),
    ('serious_injuries', 4, 'ACC.GRADE.INJURIES.4'),
    ('direct_loss_cny', 2, 'ACC.GRADE.LOSS.2'),
    ('direct_loss_cny', 3, 'ACC.GRADE.LOSS.3'),
    ('direct_loss_cny', 4, 'ACC.GRADE.LOSS.4')
on conflict on constraint accident_threshold_pkey do update set rule = excluded.rule
where kept.rule <> excluded.rule;

insert into anze.accident_danger as kept (code, title_zh, title_en, figures, rule) values
    ('at_risk', '涉险10人以上', 'Persons at risk', '{at_risk}', 'ACC.ENDANGER.ATRISK'),
    ('trapped_or_missing', '被困或下落不明3人以上', 'Persons trapped or missing', '{trapped,missing}',
     'ACC.ENDANGER.TRAPPED'),
    ('evacuated', '紧急疏散500人以上', 'Persons evacuated', '{evacuated}', 'ACC.ENDANGER.EVACUATED'),
    ('pollution', '严重污染人员密集场所、生活水源、农田、河流、水库、湖泊等',
     'Serious pollution of crowded places, drinking water, farmland, rivers, reservoirs or lakes', '{}',
     'ACC.ENDANGER.POLLUTION'),
    ('power_station', '危及电站安全', 'Danger to a power station', '{}', 'ACC.ENDANGER.FACILITY'),
    ('water_works', '危及重要水利设施安全', 'Danger to important water works', '{}', 'ACC.ENDANGER.FACILITY'),
    ('chemical_store', '危及危险化学品库安全', 'Danger to a store of hazardous chemicals', '{}', 'ACC.ENDANGER.FACILITY'),
    ('oil_gas_station', '危及油气站安全', 'Danger to an oil or gas station', '{}', 'ACC.ENDANGER.FACILITY'),
    ('transport_hub', '危及车站、码头、港口、机场安全', 'Danger to a station, wharf, port or airport', '{}',
     'ACC.ENDANGER.FACILITY'),
    ('crowded_place', '危及其他人员密集场所安全', 'Danger to another crowded place', '{}', 'ACC.ENDANGER.FACILITY'),
    ('other', '其他较大涉险情形', 'Otherwise seriously endangering', '{}', 'ACC.ENDANGER.OTHER')
on conflict on constraint accident_danger_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, figures = excluded.figures, rule = excluded.rule
where (kept.title_zh, kept.title_en, kept.figures, kept.rule)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.figures, excluded.rule);

insert into anze.accident_clock_rule as kept
    (code, from_level, to_level, grade_from, grade_to, rule_set, up_to_top, rule, outer_rule, title_zh, title_en, or_above,
    if_socially_major)
select c.*, c.column1 in ('unit_report', 'unit_report_coal'), -- 县级以上
    c.column8 = 'ACC.RPT.FLASH.2' -- 较大或者社会影响重大
from (values
    ('unit_report', 0, 2, 1, 4, null, false, 'ACC.RPT.UNIT', null,
     '单位负责人接到报告后1小时内报告县级以上部门', 'The unit reports to the county or above'),
    ('unit_report_coal', 0, 2, 1, 4, 'coal', false, 'ACC.RPT.COAL', 'ACC.RPT.UNIT',
     '煤矿事故立即报告应急、煤矿监管和矿山安全监察机构', 'The coal mine reports at once'),
    ('unit_report_province', 0, 4, 2, 4, null, false, 'ACC.RPT.UNIT.PROVINCE', null,
     '较大以上事故单位报告省级', 'The unit itself reports to the province'),
    ('unit_report_nation', 0, 5, 3, 4, null, false, 'ACC.RPT.UNIT.NATION', 'ACC.RPT.UNIT.PROVINCE',
     '重大以上事故单位立即报告国家', 'The unit itself reports to the nation at once'),
    ('pass_up', 2, 3, 1, 4, null, true, 'ACC.RPT.LEVEL', null, '县级上报设区的市级', 'The county passes it up to the city'),
    ('pass_up', 3, 4, 1, 4, null, true, 'ACC.RPT.LEVEL', null, '设区的市级上报省级', 'The city passes it up to the province'),
    ('pass_up', 4, 5, 1, 4, null, true, 'ACC.RPT.LEVEL', null, '省级上报国家', 'The province passes it up to the nation'),
    ('flash', 2, 4, 2, 2, null, false, 'ACC.RPT.FLASH.2', null, '县级电话快报省级', 'The county telephones the province'),
    ('flash', 3, 4, 2, 2, null, false, 'ACC.RPT.FLASH.2', null, '设区的市级电话快报省级', 'The city telephones the province'),
    ('flash', 2, 5, 3, 4, null, false, 'ACC.RPT.FLASH.3', null, '县级电话快报国家', 'The county telephones the nation'),
    ('flash', 3, 5, 3, 4, null, false, 'ACC.RPT.FLASH.3', null, '设区的市级电话快报国家', 'The city telephones the nation'),
    ('flash', 4, 5, 3, 4, null, false, 'ACC.RPT.FLASH.3', null, '省级电话快报国家', 'The province telephones the nation')) c
on conflict on constraint accident_clock_rule_pkey do update
set grade_from = excluded.grade_from, grade_to = excluded.grade_to, rule_set = excluded.rule_set,
    up_to_top = excluded.up_to_top, rule = excluded.rule, outer_rule = excluded.outer_rule,
    title_zh = excluded.title_zh, title_en = excluded.title_en, or_above = excluded.or_above,
    if_socially_major = excluded.if_socially_major
where kept is distinct from excluded;

-- A level tells its own recipients; a town reports to the county and tells with it, and both tell for the coal mine, whose
-- own duty to tell is article 59 of the coal regulation.
insert into anze.accident_telling as kept (level, recipients_of, instrument, article, confidence) values
    (0, 0, 'SC-COAL-2024', '第五十九条', 'found'),
    (1, 0, 'SC-COAL-2024', '第五十九条', 'recalled-low'),
    (1, 2, 'SC-493', '第十条', 'recalled-med'),
    (2, 0, 'SC-COAL-2024', '第五十九条', 'recalled-low'),
    (2, 2, 'SC-493', '第十条', 'found'),
    (3, 3, 'SC-493', '第十条', 'found'),
    (4, 4, 'SC-493', '第十条', 'found'),
    (5, 5, 'SC-493', '第十条', 'found')
on conflict on constraint accident_telling_pkey do update
set instrument = excluded.instrument, article = excluded.article, confidence = excluded.confidence
where kept is distinct from excluded;

-- Whom a larger accident is told to at once, at each level that it goes up to.
insert into anze.accident_alert_rule as kept
    (code, grade_from, unit_kind, supervision_role, posts, title_zh, title_en, instrument, article, confidence)
values
    ('safety_office', 2, 'safety_office', null, '{}', '安全生产委员会办公室', 'Safety committee''s office', 'OPINION-ORDOS-2022', '十四',
     'found-local'),
    ('department', 2, 'department', 'comprehensive', '{}', '应急管理部门', 'Emergency management', 'SC-493', '第十条', 'found'),
    ('leaders', 2, 'government', null, '{government_head,government_safety_leader}', '本级人民政府主要负责人、分管安全生产负责人',
     'Head of the government, and its leader in charge of work safety', 'SC-493', '第十条', 'recalled-med')
on conflict on constraint accident_alert_rule_pkey do update
set grade_from = excluded.grade_from, unit_kind = excluded.unit_kind, supervision_role = excluded.supervision_role,
    posts = excluded.posts, title_zh = excluded.title_zh, title_en = excluded.title_en, instrument = excluded.instrument,
    article = excluded.article, confidence = excluded.confidence
where kept is distinct from excluded;

-- All mines tell the provincial bureau of mine safety, coal mines by their own regulation since there is one.
insert into anze.accident_recipient_rule as kept
    (level, code, grade_from, rule_set, rule, title_zh, title_en, place, else_rule, sectors)
select l.rank, r.code, r.grade_from, null::text, r.rule, r.title_zh, r.title_en, r.place, null::text, '{}'::text[]
from (values
    ('government', 1, 'ACC.RPT.PEER.GOVERNMENT', '本级人民政府', 'The government of the level', 1),
    ('public_security', 1, 'ACC.RPT.PEER', '公安机关', 'Public security', 2),
    ('labour_security', 1, 'ACC.RPT.PEER', '人力资源社会保障部门', 'Human resources and social security', 3),
    ('trade_union', 1, 'ACC.RPT.PEER', '工会', 'Trade union', 4),
    ('procuratorate', 1, 'ACC.RPT.PEER', '人民检察院', 'People''s procuratorate', 5),
    ('safety_office', 1, 'ACC.RPT.PEER.OFFICE', '安全生产委员会办公室', 'Safety committee''s office', 6)
) as r(code, grade_from, rule, title_zh, title_en, place)
cross join (values (2), (3), (4)) as l(rank)
union all values
    (4, 'state_council', 3, null, 'ACC.RPT.PEER.STATECOUNCIL', '国务院', 'State Council', 7, null, '{}'::text[]),
    (0, 'coal_regulator', 1, 'coal', 'ACC.RPT.COAL', '煤矿安全监管部门', 'Coal mine safety regulator', 1, 'ACC.RPT.MINE', '{coal}'),
    (0, 'mine_safety_agency', 1, 'coal', 'ACC.RPT.COAL', '所在地矿山安全监察机构', 'Mine safety supervision agency', 2,
     'ACC.RPT.MINE', '{coal,non_coal_mine}')
on conflict on constraint accident_recipient_rule_pkey do update
set grade_from = excluded.grade_from, rule_set = excluded.rule_set, rule = excluded.rule,
    title_zh = excluded.title_zh, title_en = excluded.title_en, place = excluded.place, else_rule = excluded.else_rule,
    sectors = excluded.sectors
where kept is distinct from excluded;
