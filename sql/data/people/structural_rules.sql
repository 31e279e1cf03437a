-- 结构规则: what the structure of a unit must be. The kinds of check are in functions/people/structure.sql; figures are rules
-- (STRUCT.…), which an administrator can revise. Codes: S, the clause, and what else tells two of a clause apart.
select anze.ship_rule_limit('STRUCT.', stricter => 'more'), anze.ship_rule_limit('STRUCT.ONE.MAX', stricter => 'less');
select anze.ship_rule(r.code, 1, r.since::date, null, r.title_zh, r.title_en, r.value, r.unit, 'OPINION-ORDOS-2022',
    r.article, 'found-local')
from (values
    ('STRUCT.ONE.MIN', '2022-01-01', '结构规则：至少一人（一件）', 'Structure: at least one', 1, 'count', '一'),
    ('STRUCT.ONE.MAX', '2022-01-01', '结构规则：同一时间至多一人', 'Structure: at most one at a time', 1, 'count', '一'),
    ('STRUCT.OFFICE.SECTIONS', '2022-01-01', '安委办内设科室数', 'Sections of the committee''s office', 2, 'count', '二'),
    ('STRUCT.OFFICERS.QUALIFIED', '2023-01-01', '专业执法人员占在职执法人员的比例', 'Share of officers who are qualified',
     75, 'percent', '十二')
) as r(code, since, title_zh, title_en, value, unit, article);

-- First responsible persons: there, and one at a time.
select
    anze.ship_structural_rule('S1.06', '党委主要负责人在任且只有一人', 'One head of the party committee', '{party_committee}',
        'holders', posts => '{party_head}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S2.05', '政府主要负责人在任且只有一人', 'One head of the government',
        '{government,township}', 'holders', posts => '{government_head}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S3.05', '部门主要负责人在任且只有一人', 'One head of the department', '{department}',
        'holders', posts => '{department_head}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S5.01', '企业法定代表人和主要负责人在任且各只有一人',
        'One legal representative and one principal of the enterprise', '{enterprise,enterprise_group}', 'holders',
        posts => '{legal_representative,principal}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S5.01-CONTROLLER', '登记企业实际控制人', 'An actual controller of the enterprise',
        '{enterprise,enterprise_group}', 'holders', posts => '{actual_controller}');

-- Party committees and governments.
select
    anze.ship_structural_rule('S1.11', '党委常委会及其成员职责清单在用', 'A list of the standing committee''s duties in force',
        '{party_committee}', 'standing_record', record_kinds => '{duty_list}'),
    anze.ship_structural_rule('S1.12', '党委常委在任', 'Members of the standing committee', '{party_committee}', 'holders',
        levels => '{county,city,province}', posts => '{party_standing_member}'),
    anze.ship_structural_rule('S2.03', '政府领导干部职责清单在用', 'A list of the leaders'' duties in force', '{government}',
        'standing_record', record_kinds => '{duty_list}'),
    anze.ship_structural_rule('S2.10', '有且只有一名政府领导分管安全生产', 'One leader in charge of work safety',
        '{government}', 'holders', posts => '{government_safety_leader}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S2.10-STANDING', '分管安全生产的政府领导是同级党委常委',
        'The leader in charge is a member of the same level''s standing committee', '{government}', 'also_holds',
        posts => '{government_safety_leader}', other_posts => '{party_head,party_standing_member}'),
    anze.ship_structural_rule('S2.11', '其他政府领导均有分管行业领域', 'Each other leader has a portfolio', '{government}',
        'portfolios', posts => '{government_leader}');

-- The office of the city's safety committee.
select
    anze.ship_structural_rule('S2.15', '安委办有主任', 'The office has a director', '{safety_office}', 'holders',
        levels => '{city}', posts => '{office_director}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S2.16', '应急管理局副局长专职担任安委办副主任',
        'A deputy of emergency management is the full-time deputy director', '{safety_office}', 'full_time',
        levels => '{city}', posts => '{office_deputy_director}',
        other_posts => '{department_deputy,department_safety_deputy,department_executive_deputy}',
        other_supervision_role => 'comprehensive'),
    anze.ship_structural_rule('S2.17', '安委办设2个内设科室', 'The office has two sections', '{safety_office}', 'sections',
        levels => '{city}', minimum_rule => 'STRUCT.OFFICE.SECTIONS');

-- Departments.
select
    anze.ship_structural_rule('S3.02', '权力和责任清单已公开', 'The list of powers and responsibilities is published',
        '{department}', 'standing_record', record_kinds => '{duty_list}', must_be_published => true),
    anze.ship_structural_rule('S3.08', '有且只有一名部门领导分管安全生产', 'One deputy in charge of safety', '{department}',
        'holders', posts => '{department_safety_deputy}', maximum_rule => 'STRUCT.ONE.MAX'),
    anze.ship_structural_rule('S3.08-EXECUTIVE', '分管安全生产的是部门常务领导',
        'The deputy in charge of safety is the executive deputy', '{department}', 'also_holds',
        posts => '{department_safety_deputy}', other_posts => '{department_executive_deputy}'),
    anze.ship_structural_rule('S3.09-BODY', '设有安全监管专门机构', 'A special section', '{department}', 'sections'),
    anze.ship_structural_rule('S3.09-STAFF', '配有专职安全监管人员', 'Full-time safety supervisors', '{department}',
        'full_time', posts => '{safety_supervisor}'),
    anze.ship_structural_rule('S3.10', '行业领域安全生产责任制文件在用', 'The sector''s system of responsibility in force',
        '{department}', 'standing_record', record_kinds => '{document}');

-- Enterprises and their sites.
select
    anze.ship_structural_rule('S5.05', '全员安全生产责任制清单在用', 'Duties of every post in force', '{enterprise}',
        'standing_record', record_kinds => '{duty_list}', instrument => 'LAW-SAFETY', article => '第二十二条',
        confidence => 'found'),
    anze.ship_structural_rule('S5.08', '重大危险源包保三名负责人在任', 'The three persons of a major hazard source', '{site}',
        'holders', site_kinds => '{major_hazard_source}',
        posts => '{hazard_source_principal,hazard_source_technical,hazard_source_operational}',
        maximum_rule => 'STRUCT.ONE.MAX', instrument => 'MEM-OFFICE-2021-12', article => '第三条',
        confidence => 'found'),
    anze.ship_structural_rule('S5.09', '煤矿配齐矿长、总工程师和安全、生产、机电副矿长',
        'The manager, chief engineer and three deputies of a coal mine', '{site}', 'holders', sectors => '{coal}',
        site_kinds => '{mine}',
        posts => '{mine_manager,mine_chief_engineer,mine_safety_deputy,mine_production_deputy,mine_electromechanical_deputy}',
        maximum_rule => 'STRUCT.ONE.MAX', instrument => 'SC-COAL-2024', article => '第二十二条', confidence => 'found',
        since => '2024-05-01'),
    anze.ship_structural_rule('S5.14', '安全生产责任保险有效', 'Liability insurance in force', '{enterprise}',
        'standing_record', high_risk_only => true, record_kinds => '{insurance_policy}', instrument => 'MEM-2025-27',
        article => '第二条', confidence => 'found', since => '2025-03-29');

-- The force.
select
    anze.ship_structural_rule('S12.01', '专业人才台账在用', 'A register of staff in force', '{department}',
        'standing_record', supervision_role => 'comprehensive', record_kinds => '{staff_register}'),
    anze.ship_structural_rule('S12.02', '专业执法人员不低于在职执法人员的75%', 'At least 75 % of the officers are qualified',
        '{government,township}', 'qualified_share', posts => '{enforcement_officer}',
        qualifications => '{safety_education,safety_certificate,safety_experience}',
        minimum_rule => 'STRUCT.OFFICERS.QUALIFIED'),
    anze.ship_structural_rule('S12.03', '市、旗区配有监管执法人员', 'City and county have enforcement officers',
        '{department}', 'holders', levels => '{county,city}', supervision_role => 'comprehensive',
        posts => '{enforcement_officer}'),
    anze.ship_structural_rule('S12.04', '市综合监管部门班子有安全专业成员', 'The leadership has a safety professional',
        '{department}', 'qualified_leaders', levels => '{city}', supervision_role => 'comprehensive',
        posts => '{department_head,department_executive_deputy,department_safety_deputy,department_deputy}',
        qualifications => '{safety_education,safety_certificate,safety_experience}'),
    anze.ship_structural_rule('S12.05', '化工园区班子有化工专业背景和经历的成员', 'The leadership has a chemical professional',
        '{chemical_park}', 'qualified_leaders', posts => '{park_head,park_leader}',
        qualifications => '{chemical_education,chemical_experience}', all_qualifications => true,
        instrument => 'MEM-2019-78'),
    anze.ship_structural_rule('S12.08', '执法装备台账在用', 'A register of equipment in force', '{department}',
        'standing_record', supervision_role => 'comprehensive', record_kinds => '{equipment_register}');
