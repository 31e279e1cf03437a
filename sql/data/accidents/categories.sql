-- 事故类别. The classes of 1986 stand in a code list with numbers 01 to 20 in this order. The class names of 2025 were
-- seen in two lists that agree; its own numbers were not, so that 01 to 27 count the classes in order: confirm them
-- against the standard (confidence recalled-med).
insert into anze.accident_category as kept
    (standard, code, title_zh, title_en, in_force, supplement_kind, confidence, supplement_sector)
select 'GB/T 6441-1986', c.code, c.title_zh, c.title_en, daterange(null, '2026-07-01'), c.supplement_kind,
    'recalled-high', case c.supplement_kind when 'road_traffic' then 'road_traffic' end -- it has no class of road traffic
from (values
    ('01', '物体打击', 'Struck by object', null),
    ('02', '车辆伤害', 'Vehicle injury', 'road_traffic'),
    ('03', '机械伤害', 'Machinery injury', null),
    ('04', '起重伤害', 'Lifting injury', null),
    ('05', '触电', 'Electric shock', null),
    ('06', '淹溺', 'Drowning', null),
    ('07', '灼烫', 'Burns and scalds', null),
    ('08', '火灾', 'Fire', 'fire'),
    ('09', '高处坠落', 'Fall from height', null),
    ('10', '坍塌', 'Collapse', null),
    ('11', '冒顶片帮', 'Roof fall and rib spalling', null),
    ('12', '透水', 'Water inrush', null),
    ('13', '放炮', 'Blasting', null),
    ('14', '火药爆炸', 'Powder explosion', null),
    ('15', '瓦斯爆炸', 'Gas explosion in mines', null),
    ('16', '锅炉爆炸', 'Boiler explosion', null),
    ('17', '容器爆炸', 'Vessel explosion', null),
    ('18', '其他爆炸', 'Other explosion', null),
    ('19', '中毒和窒息', 'Poisoning and asphyxiation', null),
    ('20', '其他伤害', 'Other injury', null)) as c(code, title_zh, title_en, supplement_kind)
union all
select 'GB 6441-2025', c.code, c.title_zh, c.title_en, daterange('2026-07-01', null), c.supplement_kind,
    'recalled-med', null
from (values
    ('01', '物体打击', 'Struck by object', null),
    ('02', '厂（场）内车辆致害', 'Vehicle on the premises', null),
    ('03', '道路（轨道）车辆致害', 'Road or rail vehicle', 'road_traffic'),
    ('04', '机械致害', 'Machinery', null),
    ('05', '起重致害', 'Lifting', null),
    ('06', '触电', 'Electric shock', null),
    ('07', '淹溺', 'Drowning', null),
    ('08', '灼烫', 'Burns and scalds', null),
    ('09', '火灾', 'Fire', 'fire'),
    ('10', '高处坠落', 'Fall from height', null),
    ('11', '跌落', 'Fall on the level or stairs', null),
    ('12', '坍塌', 'Collapse', null),
    ('13', '水害', 'Water hazard', null),
    ('14', '容器爆炸', 'Vessel explosion', null),
    ('15', '管道爆炸', 'Pipeline explosion', null),
    ('16', '可燃气体爆炸', 'Combustible gas explosion', null),
    ('17', '可燃液体蒸气爆炸', 'Combustible vapour explosion', null),
    ('18', '粉尘爆炸', 'Dust explosion', null),
    ('19', '民用爆炸物品爆炸', 'Civil explosives explosion', null),
    ('20', '烟花爆竹爆炸', 'Fireworks explosion', null),
    ('21', '其他可燃固体爆炸', 'Other combustible solid explosion', null),
    ('22', '高温熔融物爆炸', 'Molten material explosion', null),
    ('23', '中毒', 'Poisoning', null),
    ('24', '窒息', 'Asphyxiation', null),
    ('25', '滑坡', 'Landslide', null),
    ('26', '泄漏', 'Leak', null),
    ('27', '其他', 'Other', null)) as c(code, title_zh, title_en, supplement_kind)
on conflict on constraint accident_category_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, in_force = excluded.in_force,
    supplement_kind = excluded.supplement_kind, confidence = excluded.confidence,
    supplement_sector = excluded.supplement_sector
where kept.origin = 'shipped' and (kept.title_zh, kept.title_en, kept.in_force, kept.supplement_kind, kept.confidence, kept.supplement_sector)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.in_force, excluded.supplement_kind,
                      excluded.confidence, excluded.supplement_sector);
