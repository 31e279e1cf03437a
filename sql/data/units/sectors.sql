-- 行业领域. rule_set coal: accidents follow the coal regulation. gb_t_4754: prefix of the industry, where it is one.
insert into anze.sector as kept (code, title_zh, title_en, rule_set, gb_t_4754) values
    ('coal', '煤矿', 'Coal mines', 'coal', 'B06'),
    ('non_coal_mine', '非煤矿山', 'Non-coal mines', 'general', null),
    ('hazardous_chemicals', '危险化学品', 'Hazardous chemicals', 'general', null),
    ('chemical', '化工', 'Chemical industry', 'general', 'C26'),
    ('fireworks', '烟花爆竹', 'Fireworks', 'general', null),
    ('metal_smelting', '金属冶炼', 'Metal smelting', 'general', null),
    ('construction', '建筑施工', 'Construction', 'general', 'E'),
    ('road_traffic', '道路交通', 'Road traffic', 'general', 'G54'),
    ('water_traffic', '水上交通', 'Water traffic', 'general', 'G55'),
    ('railway', '铁路运输', 'Railways', 'general', 'G53'),
    ('civil_aviation', '民航', 'Civil aviation', 'general', 'G56'),
    ('fishing_vessel', '渔船', 'Fishing vessels', 'general', null),
    ('gas', '城镇燃气', 'Town gas', 'general', 'D45'),
    ('fire', '消防（人员密集场所）', 'Fire safety of crowded places', 'general', null),
    ('industry_trade', '工贸', 'Industry and trade', 'general', null),
    ('electricity', '电力', 'Electricity', 'general', 'D44'),
    ('oil_gas_extraction', '石油天然气开采', 'Oil and gas extraction', 'general', 'B07'),
    ('oil_gas_pipeline', '油气输送管道', 'Oil and gas pipelines', 'general', 'G57'),
    ('special_equipment', '特种设备', 'Special equipment', 'general', null),
    ('civil_explosives', '民用爆炸物品', 'Civil explosives', 'general', null),
    ('agriculture', '农业机械与农牧业', 'Agriculture and farm machinery', 'general', 'A'),
    ('forestry', '林草', 'Forestry and grassland', 'general', 'A02'),
    ('water_works', '水利工程', 'Water works', 'general', null),
    ('tourism', '文化旅游', 'Culture and tourism', 'general', null),
    ('sports', '体育', 'Sports', 'general', null),
    ('education', '教育', 'Education', 'general', 'P'),
    ('health', '卫生健康', 'Health care', 'general', 'Q84'),
    ('civil_affairs', '民政（养老服务）', 'Civil affairs and elderly care', 'general', null),
    ('commerce', '商贸流通', 'Commerce', 'general', null),
    ('logistics', '邮政快递与物流', 'Post and logistics', 'general', 'G60'),
    ('municipal_works', '市政公用', 'Municipal works', 'general', null),
    ('other', '其他', 'Other', 'general', null)
on conflict on constraint sector_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, rule_set = excluded.rule_set,
    gb_t_4754 = excluded.gb_t_4754
where kept.origin = 'shipped' and (kept.title_zh, kept.title_en, kept.rule_set, kept.gb_t_4754)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.rule_set, excluded.gb_t_4754);
