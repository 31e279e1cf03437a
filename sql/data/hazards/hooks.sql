-- What documents of hazards may name beside moving the case (functions/hazards/case.sql).
insert into anze.case_hook as kept (sort, code, title_zh, title_en, asks, sets, checks) values
    ('effect', 'hazard_judged', '留存判定', 'The judgement is kept', '{criterion}', '{}', true),
    ('effect', 'hazard_fixed', '留存整改要求（五落实）', 'What is to be done is kept', '{}', '{}', false),
    ('guard', 'hazard_governed', '已判定并已明确五落实', 'It was judged, and what is to be done is fixed', '{}', '{}', false),
    ('guard', 'hazard_general', '已判定为一般隐患', 'It was judged general', '{}', '{}', false),
    ('guard', 'hazard_not_listed', '未在挂牌督办', 'It is not listed', '{}', '{}', false),
    ('effect', 'hazard_extended', '延期日期晚于现期限', 'The day is later', '{}', '{}', true),
    ('effect', 'hazard_told', '留存报告的时间', 'When it was reported is kept', '{}', '{}', true),
    ('effect', 'hazard_stopped', '标明紧急危险', 'Danger is imminent', '{}', '{}', false),
    ('effect', 'hazard_completed', '确定现场审查的期限', 'Until when it is reviewed on site', '{}', '{review_by}', false),
    ('effect', 'hazard_settled', '所来自的排查问题一并办结', 'The finding that it came from is done too', '{opinion}', '{}', false)
on conflict on constraint case_hook_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, asks = excluded.asks, sets = excluded.sets,
    checks = excluded.checks
where kept is distinct from excluded;

-- Findings of records become hazards (functions/hazards/finding.sql).
insert into anze.finding_taker as kept (name, place, title_zh, title_en) values
    ('hazard', 1, '带队检查发现的重大问题登记为隐患', 'Major findings of a led inspection become hazards')
on conflict on constraint finding_taker_pkey do update
set place = excluded.place, title_zh = excluded.title_zh, title_en = excluded.title_en
where kept is distinct from excluded;

-- Of a unit's table of hazards the service knows the figures (functions/hazards/tally.sql).
update anze.duty_record_kind k set figures = 'hazard' where k.code = 'hazard_statistics' and k.figures is distinct from 'hazard';
