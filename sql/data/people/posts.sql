-- 职务: the posts of the opinion and of the law (厅字〔2018〕13号 for the five kinds of cadre, 安全生产法, 煤矿安全生产条例
-- article 22, 应急厅〔2021〕12号 for the three persons of a major hazard source).
insert into anze.post as kept (code, title_zh, title_en, unit_kinds, is_single, is_first_responsible, is_leadership, place)
values
    ('party_head', '党委主要负责人', 'Head of the party committee', '{party_committee}', true, true, true, 10),
    ('party_standing_member', '党委常委', 'Member of the standing committee', '{party_committee}', false, false, true, 11),
    ('government_head', '政府主要负责人', 'Head of the government', '{government,township}', true, true, true, 20),
    ('government_safety_leader', '分管安全生产的政府领导', 'Leader in charge of work safety', '{government,township}', true,
     false, true, 21),
    ('government_leader', '其他政府领导', 'Other leader of the government', '{government,township}', false, false, true, 22),
    ('committee_director', '安委会主任', 'Director of the safety committee', '{safety_committee}', false, false, true, 30),
    ('committee_deputy_director', '安委会副主任', 'Deputy director of the safety committee', '{safety_committee}', false,
     false, true, 31),
    ('office_director', '安委办主任', 'Director of the committee''s office', '{safety_office}', true, true, true, 32),
    ('office_deputy_director', '安委办专职副主任', 'Full-time deputy director of the committee''s office',
     '{safety_office}', false, false, true, 33),
    ('department_head', '部门主要负责人', 'Head of the department', '{department}', true, true, true, 40),
    ('department_executive_deputy', '部门常务领导', 'Executive deputy of the department', '{department}', true, false, true,
     41),
    ('department_safety_deputy', '部门分管安全生产领导', 'Deputy in charge of work safety', '{department}', true, false, true,
     42),
    ('department_deputy', '部门其他领导', 'Other deputy of the department', '{department}', false, false, true, 43),
    ('section_head', '内设机构负责人', 'Head of a section', '{section}', true, true, false, 44),
    ('enforcement_officer', '安全监管执法人员', 'Enforcement officer', '{department,township,chemical_park}', false, false,
     false, 45),
    ('safety_supervisor', '专职安全监管人员', 'Full-time safety supervisor', '{department,section,township,safety_office}',
     false, false, false, 46),
    ('park_head', '园区主要负责人', 'Head of the park or zone', '{chemical_park,management_zone}', true, true, true, 50),
    ('park_leader', '园区其他领导', 'Other leader of the park or zone', '{chemical_park,management_zone}', false, false, true,
     51),
    ('legal_representative', '法定代表人', 'Legal representative', '{enterprise,enterprise_group,agency}', true, true, true,
     60),
    ('actual_controller', '实际控制人', 'Actual controller', '{enterprise,enterprise_group,agency}', false, true, true, 61),
    ('principal', '主要负责人', 'Principal', '{enterprise,enterprise_group,agency,site}', true, true, true, 62),
    ('safety_leader', '分管安全负责人', 'Leader in charge of safety', '{enterprise,enterprise_group,agency}', false, false,
     true, 63),
    ('safety_manager', '安全生产管理人员', 'Safety manager', '{enterprise,enterprise_group,agency,site}', false, false, false,
     64),
    ('hazard_source_principal', '重大危险源主要负责人', 'Principal of a major hazard source', '{site}', true, false, false, 70),
    ('hazard_source_technical', '重大危险源技术负责人', 'Technical person of a major hazard source', '{site}', true, false,
     false, 71),
    ('hazard_source_operational', '重大危险源操作负责人', 'Operational person of a major hazard source', '{site}', true,
     false, false, 72),
    ('mine_manager', '矿长', 'Mine manager', '{enterprise,site}', true, false, true, 80),
    ('mine_chief_engineer', '总工程师', 'Chief engineer of the mine', '{enterprise,site}', true, false, true, 81),
    ('mine_safety_deputy', '安全副矿长', 'Deputy mine manager for safety', '{enterprise,site}', true, false, true, 82),
    ('mine_production_deputy', '生产副矿长', 'Deputy mine manager for production', '{enterprise,site}', true, false, true,
     83),
    ('mine_electromechanical_deputy', '机电副矿长', 'Deputy mine manager for machinery', '{enterprise,site}', true, false,
     true, 84),
    ('workshop_head', '车间（区队）负责人', 'Head of a workshop or district', '{enterprise,site}', false, false, false, 90),
    ('team_leader', '班组长', 'Team leader', '{enterprise,site}', false, false, false, 91),
    ('front_line', '一线岗位员工', 'Front-line worker', '{enterprise,site}', false, false, false, 92)
on conflict on constraint post_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, unit_kinds = excluded.unit_kinds,
    is_single = excluded.is_single, is_first_responsible = excluded.is_first_responsible,
    is_leadership = excluded.is_leadership, place = excluded.place
where (kept.title_zh, kept.title_en, kept.unit_kinds, kept.is_single, kept.is_first_responsible, kept.is_leadership,
       kept.place)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.unit_kinds, excluded.is_single,
                      excluded.is_first_responsible, excluded.is_leadership, excluded.place);
-- 分管安全生产: who is in charge of work safety beside the first responsible persons.
update anze.post p
set is_in_charge = p.code in ('government_safety_leader', 'office_deputy_director', 'department_executive_deputy',
                              'department_safety_deputy', 'safety_leader', 'mine_safety_deputy')
where p.is_in_charge is distinct from
    (p.code in ('government_safety_leader', 'office_deputy_director', 'department_executive_deputy',
                'department_safety_deputy', 'safety_leader', 'mine_safety_deputy'));
