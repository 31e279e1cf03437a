-- Laws, regulations, departmental rules, standards and notices that rules rest on.
insert into anze.instrument as kept (code, title, number, issued_by, in_force, superseded_by) values
    ('LAW-SAFETY', '中华人民共和国安全生产法（2021年修正）', '主席令第88号', '全国人民代表大会常务委员会', '[2021-09-01,)', null),
    ('SC-493', '生产安全事故报告和调查处理条例', '国务院令第493号', '国务院', '[2007-06-01,)', null),
    ('SC-COAL-2024', '煤矿安全生产条例', '国务院令第774号', '国务院', '[2024-05-01,)', null),
    ('SC-446', '国务院关于预防煤矿生产安全事故的特别规定', '国务院令第446号', '国务院', '[2005-09-03,2024-05-01)', 'SC-COAL-2024'),
    ('SC-EMERGENCY-2019', '生产安全事故应急条例', '国务院令第708号', '国务院', '[2019-04-01,)', null),
    ('SAWS-21', '生产安全事故信息报告和处置办法', '国家安全生产监督管理总局令第21号', '国家安全生产监督管理总局', '[2009-07-01,)', null),
    ('SAWS-16', '安全生产事故隐患排查治理暂行规定', '国家安全生产监督管理总局令第16号', '国家安全生产监督管理总局', '[2008-02-01,)', null),
    ('SAWS-13', '生产安全事故罚款处罚规定（试行）', '国家安全生产监督管理总局令第13号', '国家安全生产监督管理总局', '[2007-07-12,2024-03-01)', 'MEM-14'),
    ('MEM-14', '生产安全事故罚款处罚规定', '应急管理部令第14号', '应急管理部', '[2024-03-01,)', null),
    ('MEM-11', '安全生产严重失信主体名单管理办法', '应急管理部令第11号', '应急管理部', '[2023-10-01,)', null),
    ('JOINT-STATISTICS-2016', '关于加强部门间生产安全事故统计信息通报的联合通知', null, '国家安全生产监督管理总局、公安部、农业部、国家质量监督检验检疫总局、中国民用航空局', '[2016-07-01,)', null),
    ('SPC-SPP-2015-22', '关于办理危害生产安全刑事案件适用法律若干问题的解释', '法释〔2015〕22号', '最高人民法院、最高人民检察院', '[2015-12-16,)', null),
    ('GB-T-6441-1986', '企业职工伤亡事故分类', 'GB/T 6441-1986', '国家标准局', '[1987-02-01,2026-07-01)', 'GB-6441-2025'),
    ('GB-6441-2025', '生产安全事故分类与编码', 'GB 6441-2025', '国家市场监督管理总局、国家标准化管理委员会', '[2026-07-01,)', null),
    ('GB-32100-2015', '法人和其他组织统一社会信用代码编码规则', 'GB 32100-2015', '国家质量监督检验检疫总局、国家标准化管理委员会', '[2015-10-01,)', null),
    ('GB-T-2260', '中华人民共和国行政区划代码', 'GB/T 2260', '国家标准化管理委员会', '[2008-02-01,)', null),
    ('GB-T-4754-2017', '国民经济行业分类', 'GB/T 4754-2017', '国家质量监督检验检疫总局、国家标准化管理委员会', '[2017-10-01,)', null)
on conflict on constraint instrument_pkey do update
set title = excluded.title, number = excluded.number, issued_by = excluded.issued_by, in_force = excluded.in_force,
    superseded_by = excluded.superseded_by
where (kept.title, kept.number, kept.issued_by, kept.in_force, kept.superseded_by)
    is distinct from (excluded.title, excluded.number, excluded.issued_by, excluded.in_force, excluded.superseded_by);
