-- 履职记录类型: what a record is of. openapi/duties.yaml has the content of each.
insert into anze.duty_record_kind as kept (code, title_zh, title_en) values
    ('meeting', '会议', 'Meeting'),
    ('led_inspection', '带队督导检查', 'Inspection led in person'),
    ('hazard_check', '隐患全面检查', 'Full check for hazards'),
    ('study_session', '学习', 'Study session'),
    ('annual_report', '述职报告', 'Annual report on one''s duties'),
    ('plenary_report', '报告（全会、政府工作报告）', 'Report to the plenary session or in the government''s report'),
    ('duty_list', '职责清单、权力和责任清单', 'List of duties, of powers and responsibilities'),
    ('task_list', '年度任务清单', 'Annual task list'),
    ('plan', '规划、计划、方案', 'Plan or programme'),
    ('document', '制度文件', 'Document of a system'),
    ('budget_line', '预算安排', 'Budget line'),
    ('training', '教育培训', 'Training'),
    ('publicity', '宣传宣讲', 'Publicity or lecture'),
    ('risk_assessment', '安全风险评估', 'Risk assessment'),
    ('risk_publication', '风险评估结果公示', 'Publication of a risk assessment'),
    ('hazard_statistics', '隐患统计分析', 'Statistics of hazards'),
    ('major_hazard_report', '重大隐患书面报告', 'Written report on major hazards'),
    ('hazard_source_check', '重大危险源包保检查', 'Check of a major hazard source'),
    ('mine_shift', '带班下井', 'Shift led underground'),
    ('insurance_policy', '安全生产责任保险', 'Work-safety liability insurance'),
    ('staff_register', '人员台账', 'Register of staff'),
    ('equipment_register', '装备台账', 'Register of equipment'),
    ('supervision_task', '督查督办', 'Supervision task'),
    ('issue', '突出问题处置', 'Issue settled'),
    ('analysis', '分析研判', 'Analysis'),
    ('bulletin', '通报、典型案例', 'Bulletin or typical case'),
    ('talk', '约谈', 'Talk'),
    ('assessment', '考核、评估', 'Assessment or evaluation'),
    ('ruling', '责任界定', 'Ruling on who answers')
on conflict on constraint duty_record_kind_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.title_zh, kept.title_en) is distinct from (excluded.title_zh, excluded.title_en);
