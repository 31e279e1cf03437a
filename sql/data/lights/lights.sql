-- 红黄绿灯: what makes a light yellow or red. A light is as bad as the worst rule that is reached; thresholds are rules
-- of their own, a house default that an administrator revises.
-- A threshold of nothing would be reached by everybody.
-- How far lights look back is the same everywhere: those of two places could not be compared otherwise.
select anze.ship_rule_limit('LIGHT.', minimum => 1, stricter => 'less'), anze.ship_rule_limit('LIGHT.WINDOW', minimum => 1),
    anze.ship_rule_limit('LIGHT.REGION.', minimum => 0.1, stricter => 'less');

select anze.ship_rule(r.code, 1, '2000-01-01', null, r.title_zh, r.title_en, r.value, r.unit, 'OPINION-ORDOS-2022',
    '十五', 'recalled-low', '缺省值，可由管理员修订。', 'A default of the program; revise it as your committee decides.')
from (values
    ('LIGHT.WINDOW', '亮灯所看的天数：更早的未履行不再计', 'Days that lights look back: what was missed earlier no longer counts',
     92, 'day'),
    ('LIGHT.RED.MISSEDTWICE', '红灯：同一职责连续两期未履行的项数', 'Red: duties missed in two consecutive periods', 1, 'count'),
    ('LIGHT.RED.MISSED', '红灯：未履行的项数', 'Red: duties missed', 3, 'count'),
    ('LIGHT.RED.ESCALATED', '红灯：已提级警示的项数', 'Red: missed duties that were escalated', 2, 'count'),
    ('LIGHT.RED.UNACKNOWLEDGED', '红灯：警示未签收的天数', 'Red: days that a warning is not acknowledged', 7, 'day'),
    ('LIGHT.RED.FIRSTRESPONSIBLE', '红灯：第一责任人不落实的结构问题项数',
     'Red: findings about the first-responsible person', 1, 'count'),
    ('LIGHT.YELLOW.MISSED', '黄灯：未履行的项数', 'Yellow: duties missed', 1, 'count'),
    ('LIGHT.YELLOW.OVERDUE', '黄灯：已到期、在宽限期内的项数', 'Yellow: duties overdue within their days of grace', 1, 'count'),
    ('LIGHT.YELLOW.UNACKNOWLEDGED', '黄灯：警示未签收的天数', 'Yellow: days that a warning is not acknowledged', 3, 'day'),
    ('LIGHT.YELLOW.FINDINGS', '黄灯：结构问题的项数', 'Yellow: findings of structure', 1, 'count'),
    ('LIGHT.RED.HAZARDSMAJOR', '红灯：未销号的重大隐患项数', 'Red: major hazards open', 3, 'count'),
    ('LIGHT.RED.HAZARDSLATE', '红灯：逾期未办的隐患项数', 'Red: hazards late', 3, 'count'),
    ('LIGHT.RED.HAZARDSREPEATED', '红灯：一年内重复出现的隐患项数', 'Red: hazards found again within a year', 3, 'count'),
    ('LIGHT.RED.CASESLATE', '红灯：逾期未办的案件项数（隐患除外）', 'Red: cases late, other than hazards', 3, 'count'),
    ('LIGHT.RED.ACCIDENTSGRAVE', '红灯：较大以上事故起数', 'Red: accidents that are larger or worse', 1, 'count'),
    ('LIGHT.YELLOW.ACCIDENTS', '黄灯：事故起数', 'Yellow: accidents', 1, 'count'),
    ('LIGHT.YELLOW.HAZARDSMAJOR', '黄灯：未销号的重大隐患项数', 'Yellow: major hazards open', 1, 'count'),
    ('LIGHT.YELLOW.HAZARDSLATE', '黄灯：逾期未办的隐患项数', 'Yellow: hazards late', 1, 'count'),
    ('LIGHT.YELLOW.HAZARDSREPEATED', '黄灯：一年内重复出现的隐患项数', 'Yellow: hazards found again within a year', 1, 'count'),
    ('LIGHT.YELLOW.CASESLATE', '黄灯：逾期未办的案件项数（隐患除外）', 'Yellow: cases late, other than hazards', 1, 'count'),
    ('LIGHT.REGION.RED.REDUNITS', '地区红灯：红灯单位占比', 'Region red: share of red units', 10, 'percent'),
    ('LIGHT.REGION.RED.REDREGIONS', '地区红灯：红灯下级地区占比', 'Region red: share of red regions below', 30, 'percent'),
    ('LIGHT.REGION.YELLOW.REDUNITS', '地区黄灯：红灯单位占比', 'Region yellow: share of red units', 3, 'percent'),
    ('LIGHT.REGION.YELLOW.YELLOWUNITS', '地区黄灯：红灯和黄灯单位占比', 'Region yellow: share of red and yellow units', 20,
     'percent'),
    ('LIGHT.REGION.YELLOW.REDREGIONS', '地区黄灯：红灯下级地区占比', 'Region yellow: share of red regions below', 10,
     'percent')
) as r(code, title_zh, title_en, value, unit);

insert into anze.light_rule as kept (code, colour, measure, threshold_rule, title_zh, title_en, place) values
    ('red_first_responsible', 'red', 'findings_first_responsible', 'LIGHT.RED.FIRSTRESPONSIBLE', '第一责任人不落实',
     'The first-responsible person is not in place', 10),
    ('red_missed_twice', 'red', 'missed_twice', 'LIGHT.RED.MISSEDTWICE', '同一职责连续两期未履行',
     'The same duty was missed in two consecutive periods', 11),
    ('red_missed', 'red', 'missed', 'LIGHT.RED.MISSED', '多项职责未履行', 'Several duties were missed', 12),
    ('red_escalated', 'red', 'escalated', 'LIGHT.RED.ESCALATED', '多项未履行职责已提级警示',
     'Several missed duties were escalated', 13),
    ('red_unacknowledged', 'red', 'unacknowledged_days', 'LIGHT.RED.UNACKNOWLEDGED', '警示长期未签收',
     'A warning was not acknowledged for long', 14),
    ('red_hazards_major', 'red', 'hazards_major_open', 'LIGHT.RED.HAZARDSMAJOR', '多项重大隐患未销号',
     'Several major hazards are open', 15),
    ('red_hazards_late', 'red', 'hazards_late', 'LIGHT.RED.HAZARDSLATE', '多项隐患逾期未办', 'Several hazards are late', 16),
    ('red_hazards_repeated', 'red', 'hazards_repeated', 'LIGHT.RED.HAZARDSREPEATED', '多项隐患一年内重复出现',
     'Several hazards were found again within a year', 17),
    ('red_cases_late', 'red', 'cases_late', 'LIGHT.RED.CASESLATE', '多个案件的时限逾期未办', 'Deadlines of several cases are late', 18),
    ('red_accidents_grave', 'red', 'accidents_grave', 'LIGHT.RED.ACCIDENTSGRAVE', '发生较大以上事故',
     'An accident happened that is larger or worse', 19),
    ('yellow_missed', 'yellow', 'missed', 'LIGHT.YELLOW.MISSED', '职责未履行', 'A duty was missed', 20),
    ('yellow_overdue', 'yellow', 'overdue', 'LIGHT.YELLOW.OVERDUE', '职责已到期，在宽限期内',
     'A duty is overdue, within its days of grace', 21),
    ('yellow_unacknowledged', 'yellow', 'unacknowledged_days', 'LIGHT.YELLOW.UNACKNOWLEDGED', '警示未签收',
     'A warning was not acknowledged', 22),
    ('yellow_findings', 'yellow', 'findings', 'LIGHT.YELLOW.FINDINGS', '结构问题未整改', 'Findings of structure are open', 23),
    ('yellow_hazards_major', 'yellow', 'hazards_major_open', 'LIGHT.YELLOW.HAZARDSMAJOR', '重大隐患未销号',
     'A major hazard is open', 24),
    ('yellow_hazards_late', 'yellow', 'hazards_late', 'LIGHT.YELLOW.HAZARDSLATE', '隐患逾期未办', 'A hazard is late', 25),
    ('yellow_hazards_repeated', 'yellow', 'hazards_repeated', 'LIGHT.YELLOW.HAZARDSREPEATED', '隐患一年内重复出现',
     'A hazard was found again within a year', 26),
    ('yellow_cases_late', 'yellow', 'cases_late', 'LIGHT.YELLOW.CASESLATE', '案件的时限逾期未办', 'A deadline of a case is late', 27),
    ('yellow_accidents', 'yellow', 'accidents', 'LIGHT.YELLOW.ACCIDENTS', '发生事故', 'An accident happened', 28),
    ('region_red_units', 'red', 'red_units_percent', 'LIGHT.REGION.RED.REDUNITS', '红灯单位占比高',
     'Many of its units are red', 30),
    ('region_red_regions', 'red', 'red_regions_percent', 'LIGHT.REGION.RED.REDREGIONS', '红灯下级地区占比高',
     'Many of the regions below are red', 31),
    ('region_yellow_red_units', 'yellow', 'red_units_percent', 'LIGHT.REGION.YELLOW.REDUNITS', '有红灯单位',
     'Some of its units are red', 40),
    ('region_yellow_units', 'yellow', 'yellow_units_percent', 'LIGHT.REGION.YELLOW.YELLOWUNITS', '红灯和黄灯单位占比高',
     'Many of its units are red or yellow', 41),
    ('region_yellow_regions', 'yellow', 'red_regions_percent', 'LIGHT.REGION.YELLOW.REDREGIONS', '有红灯下级地区',
     'Some of the regions below are red', 42)
on conflict on constraint light_rule_pkey do update
set colour = excluded.colour, measure = excluded.measure, threshold_rule = excluded.threshold_rule,
    title_zh = excluded.title_zh, title_en = excluded.title_en, place = excluded.place
where (kept.colour, kept.measure, kept.threshold_rule, kept.title_zh, kept.title_en, kept.place)
    is distinct from (excluded.colour, excluded.measure, excluded.threshold_rule, excluded.title_zh,
                      excluded.title_en, excluded.place);
