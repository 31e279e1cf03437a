-- The hazards of the demo city: two years of them, risk points, and the tailings pond above a village that was listed,
-- late twice, taken over, stopped, put right and struck off. Made from a seed like its duties (psql -v seed=…); loading it
-- again changes nothing.
--
-- Every step is taken by the service's own functions, as whoever would take it, and then lies back as far as its script
-- says: rules, clocks and judgements are what they would be. `demo_step` is the script; a day counts from today.

begin;
select not exists (select from anze.risk_point p where p.id = md5('demo point dam')::uuid) as is_new \gset
\if :is_new
select set_config('anze.demo_seed', :'seed', true), set_config('anze.actor', 'demo', true),
       set_config('anze.reach', 'service', true),
       set_config('anze.scopes', 'cases:read cases:act hazards:read hazards:report hazards:handle risks:write', true) \g /dev/null

create or replace function pg_temp.chance(name text) returns float8 language sql as $$
    select ('x' || left(md5(current_setting('anze.demo_seed') || name), 8))::bit(32)::bigint / 4294967296.0 $$;
-- One of several, the same at every load.
create or replace function pg_temp.pick(name text, choices text[]) returns text language sql as $$
    select choices[1 + floor(pg_temp.chance(name) * cardinality(choices))::int] $$;
-- Offices work on working days: the last one by a day that is counted from today.
create or replace function pg_temp.working_day(day int) returns int language sql as $$
    select max(d) from generate_series(day - 12, day) d where anze.is_working_day(anze.today() + d) $$;

-- Who acts: the unit itself (and a second person of it), the inspectors of its county (where the demo has none, of the
-- city), the offices of city and autonomous region.
create or replace function pg_temp.body(kind text, region text) returns uuid language sql as $$
    select u.id from anze.unit u
    where u.kind = body.kind and u.region_code = region
        and (body.kind <> 'department' or u.supervision_role = 'comprehensive') $$;
create or replace function pg_temp.speak_as(who text, unit uuid) returns void language sql as $$
    select set_config('anze.' || s.name, coalesce(s.value, ''), true)
    from anze.unit u
    cross join lateral (
        select coalesce(pg_temp.body('department', left(u.region_code, 6)), pg_temp.body('department', '150600')) as inspector) i
    cross join lateral (
        select case when who in ('unit', 'unit2') then u.id
            when who in ('inspector', 'inspector2') then i.inspector
            when who = 'office' then pg_temp.body('safety_office', '150600')
            when who = 'bureau' then pg_temp.body('department', '150000')
            else pg_temp.body('safety_office', '150000') end as acting) b
    join anze.unit a on a.id = b.acting
    cross join lateral (values
        ('unit', a.id::text), ('reach', case when a.is_body then 'region' else 'unit' end),
        ('region', case when a.is_body then anze.region_prefix(a.region_code) end),
        ('actor', case a.region_code || who
            when '150622inspector' then 'demo-county' when '150600inspector' then 'demo-city' when '150600office' then 'demo-office'
            when '150622100unit' then 'demo-reporter'
            else 'demo-' || case when a.is_body then who || '-' || anze.region_prefix(a.region_code)
                                 else who || '-' || left(a.id::text, 4) end end)) s(name, value)
    where u.id = unit $$;

-- What a step gives: "@15" is the day so many days later, "@decider" who decides in the unit that acts.
create or replace function pg_temp.given(fields jsonb) returns jsonb language sql as $$
    select coalesce(jsonb_object_agg(f.key, case
        when f.value #>> '{}' ~ '^@-?\d+$' then to_jsonb(anze.today() + right(f.value #>> '{}', -1)::int)
        when f.value = '"@decider"' then (
            select to_jsonb(a.person_id) from anze.appointment a
            where a.unit_id = anze.unit() and a.post in ('office_director', 'department_head') and a.held @> anze.today())
        when jsonb_typeof(f.value) = 'object' then pg_temp.given(f.value)
        else f.value end), '{}')
    from jsonb_each(fields) f(key, value) $$;

-- Where the demo city is older than its hazards, nobody heads the office and the department of the autonomous region yet.
with head as (
    insert into anze.person (id, unit_id, code, name, region_code, is_body)
    select md5('demo director of ' || o.id)::uuid, o.id, '1', case o.kind when 'department' then '巴雅尔' else '王海燕' end,
        o.region_code, true
    from anze.unit o
    where o.kind in ('safety_office', 'department') and o.region_code = '150000'
        and not exists (select from anze.appointment a
                        where a.unit_id = o.id and a.post in ('office_director', 'department_head'))
    returning *)
insert into anze.appointment (person_id, unit_id, post, held, document_number, region_code, is_body)
select d.id, d.unit_id, case o.kind when 'department' then 'department_head' else 'office_director' end, '[2023-05-01,)',
    '内示任〔2023〕1号', d.region_code, true
from head d join anze.unit o on o.id = d.unit_id;

-- The script ----------------------------------------------------------------------------------------------------------

create temporary table demo_case (key text primary key, unit_id uuid not null, parent text, id uuid) on commit drop;
create temporary table demo_step (key text, number int, day int, who text, action text, fields jsonb, papers text[],
                                  primary key (key, number)) on commit drop;

-- What is found where, by sector.
create temporary table demo_finding (sector text, source text, category text, place text, description text,
                                     measures text, criterion text) on commit drop;
insert into demo_finding values
    ('coal', 'inspection', 'equipment', '6号煤层东翼回采工作面', '回采工作面上隅角甲烷传感器悬挂位置不符合规定', '按规定位置重新悬挂并标校', null),
    ('coal', 'own_check', 'equipment', '主斜井带式输送机机尾', '带式输送机机尾护栏缺失，清扫器损坏', '加装护栏，更换清扫器', null),
    ('coal', 'inspection', 'environment', '西翼运输大巷', '巷道局部顶板锚杆失效，网片下沉', '补打锚杆锚索，整理网片', null),
    ('coal', 'monitoring', 'environment', '302综放工作面采空区', '采空区一氧化碳浓度持续升高，有自然发火征兆', '注氮、灌浆并加密束管监测', 'COAL.09'),
    ('coal', 'own_check', 'management', '井口检身站', '部分入井人员未随身携带自救器', '完善入井检身制度并考核', null),
    ('coal', 'tip', 'behaviour', '掘进二队', '举报反映掘进面空顶作业', '停止空顶作业，补齐临时支护，培训全员', null),
    ('hazardous_chemicals', 'inspection', 'equipment', '甲醇罐区', '罐区两台可燃气体报警器失效未修复', '更换并标定报警器', null),
    ('hazardous_chemicals', 'own_check', 'equipment', '卸车栈台', '静电接地报警装置失灵', '更换装置并每班点检', null),
    ('hazardous_chemicals', 'inspection', 'management', '检修作业现场', '动火作业票未按规定分析可燃气体', '停止作业，重新培训并修订作业票', 'ANY.MAJOR'),
    ('hazardous_chemicals', 'inspection', 'equipment', '合成装置二层平台', '安全阀前切断阀关闭且无铅封', '打开切断阀并铅封，全面排查', 'ANY.MAJOR'),
    ('chemical', 'inspection', 'equipment', '气化装置框架', '消防竖管腐蚀穿孔', '更换竖管并试压', null),
    ('chemical', 'own_check', 'behaviour', '化验室', '剧毒化学品未执行双人双锁', '落实双人双锁并每日核对', null),
    ('chemical', 'other_department', 'equipment', '循环水泵房', '低压配电柜无防护挡板', '加装挡板', null),
    ('construction', 'inspection', 'equipment', '3号楼塔式起重机', '塔式起重机附着装置螺栓松动', '停用塔吊，紧固并检测', null),
    ('construction', 'inspection', 'environment', '2号楼基坑', '基坑边堆载过大，临边防护缺失', '清除堆载，恢复临边防护', null),
    ('construction', 'own_check', 'behaviour', '5号楼外架', '架子工未系安全带', '停工教育，配齐安全带', null),
    ('construction', 'tip', 'management', '项目部', '举报反映特种作业人员证书过期', '更换持证人员', null),
    ('road_traffic', 'inspection', 'equipment', '危货车辆停车场', '两台牵引车制动性能不合格仍在运营', '停运维修并复检', null),
    ('road_traffic', 'monitoring', 'behaviour', '动态监控平台', '多名驾驶员疲劳驾驶报警未处置', '约谈驾驶员，完善处置流程', null),
    ('road_traffic', 'own_check', 'management', '安全科', '应急演练未按计划开展', '补做演练并归档', null),
    ('metal_smelting', 'inspection', 'equipment', '1号精炼炉', '炉体冷却水流量报警装置失效', '停炉检修，恢复报警联锁', null),
    ('metal_smelting', 'own_check', 'environment', '铸造跨', '吊运路线下方堆放易燃物', '清理并划定禁放区', null),
    ('metal_smelting', 'inspection', 'management', '煤气区域', '有限空间作业未审批', '停止作业，补办审批并培训', null),
    ('fire', 'inspection', 'management', '二层东侧安全出口', '安全出口被货物堵塞', '立即清除，保持畅通', 'FIRE.EXIT'),
    ('fire', 'own_check', 'equipment', '地下车库', '两处喷淋末端压力不足', '检修稳压泵', null),
    ('fire', 'tip', 'equipment', '四层影院', '举报反映应急照明大面积损坏', '更换应急照明', null),
    ('non_coal_mine', 'own_check', 'equipment', '西沟尾矿库坝面', '坝面排水沟局部淤堵', '清淤疏通', null),
    ('non_coal_mine', 'inspection', 'environment', '露天采场北帮', '北帮边坡有浮石未清理', '清理浮石，设置警戒', null),
    ('non_coal_mine', 'own_check', 'management', '选矿厂', '选矿厂除尘设备检修未上锁挂牌', '落实上锁挂牌制度', null);

-- How it goes on, so many days after it was found. Where a unit found it itself, it judges and reviews it itself.
create temporary table demo_course (course text, number int, gap int, who text, action text, fields jsonb, papers text[]) on commit drop;
insert into demo_course values
    ('done', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('done', 3, 1, 'judge', 'order', '{"due_on": "@15"}', '{}'),
    ('done', 4, 10, 'unit', 'report_rectified', '{}', '{photo}'), ('done', 5, 14, 'review', 'pass_review', '{"opinion": "整改到位，同意销号。"}', '{}'),
    ('late', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('late', 3, 2, 'judge', 'order', '{"due_on": "@15"}', '{}'),
    ('late', 4, 27, 'unit', 'report_rectified', '{}', '{photo}'), ('late', 5, 31, 'review', 'pass_review', '{"opinion": "逾期完成，已整改到位。"}', '{}'),
    ('twice', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('twice', 3, 1, 'judge', 'order', '{"due_on": "@15"}', '{}'),
    ('twice', 4, 9, 'unit', 'report_rectified', '{}', '{photo}'), ('twice', 5, 12, 'review', 'fail_review', '{"opinion": "仅整改一处，其余未动。", "due_on": "@14"}', '{}'),
    ('twice', 6, 22, 'unit', 'report_rectified', '{}', '{photo}'), ('twice', 7, 25, 'review', 'pass_review', '{"opinion": "全部整改到位。"}', '{}'),
    ('at_once', 2, 0, 'inspector', 'order_at_once', '{}', '{}'), ('at_once', 3, 0, 'unit', 'report_rectified', '{}', '{photo}'),
    ('at_once', 4, 3, 'inspector', 'pass_review', '{"opinion": "现场已改正。"}', '{}'),
    ('no_hazard', 2, 2, 'inspector', 'dismiss', '{"reason": "经现场核实，符合规范要求，不构成隐患。"}', '{}'),
    ('major', 2, 0, 'inspector', 'judge_major', '{"basis": "现场检查和检测记录，符合判定标准。"}', '{}'),
    ('major', 3, 1, 'unit', 'report_to_department', '{"present_state": "隐患尚未消除，已采取监控措施。", "harm_analysis": "可能造成多人伤亡，整改难度中等。", "governance_plan": "制定治理方案，分步实施。"}', '{report}'),
    ('major', 4, 2, 'inspector', 'order_major', '{"due_on": "@60", "budget_cny": "600000.00", "emergency_plan": "治理期间专人监护，异常立即撤人。"}', '{}'),
    ('major', 5, 6, 'unit', 'report_to_congress', '{"told_on": "@0", "meeting": "职工代表大会临时会议"}', '{}'),
    ('major', 6, 12, 'unit', 'submit_plan', '{"goals": "彻底消除隐患。", "methods": "停用、更换、检测。", "funds": "自筹60万元。", "organisation": "总经理负责，安全科牵头。", "timetable": "两个月内完成。", "safety_measures": "专人监护，配齐应急物资。"}', '{plan}'),
    ('major', 7, 46, 'unit', 'report_completed', '{"evaluation": "经第三方机构评估，隐患已消除。", "spent_cny": "585000.00"}', '{report,photo}'),
    ('major', 8, 53, 'inspector2', 'pass_acceptance', '{"opinion": "现场审查合格，同意销号。"}', '{record}'),
    ('ordered', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('ordered', 3, 1, 'judge', 'order', '{"due_on": "@25"}', '{}'),
    ('asked', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('asked', 3, 1, 'judge', 'order', '{"due_on": "@25"}', '{}'),
    ('asked', 4, 8, 'unit', 'ask_extension', '{"asked_until": "@40", "reason": "备件到货延迟。"}', '{}'),
    ('rectified', 2, 1, 'judge', 'judge_general', '{}', '{}'), ('rectified', 3, 1, 'judge', 'order', '{"due_on": "@25"}', '{}'),
    ('rectified', 4, 8, 'unit', 'report_rectified', '{}', '{photo}'),
    ('refused', 2, 1, 'inspector', 'judge_general', '{}', '{}'), ('refused', 3, 1, 'inspector', 'order', '{"due_on": "@20"}', '{}'),
    ('refused', 4, 24, 'inspector', 'record_refusal', '{"reason": "期限届满仍未整改，企业负责人拒绝签收。"}', '{record}'),
    ('stopped', 2, 0, 'inspector', 'stop_work', '{"reason": "存在紧急危险。", "scope": "停止该部位全部作业。", "withdrawn_people": 18}', '{}');

-- A hundred and more that are over, at every enterprise, and what is open now.
create temporary table demo_hazard on commit drop as
select 'hazard ' || u.credit_code || ' ' || n as key, u.id as unit_id, f.*,
    case when f.criterion is not null and f.criterion <> 'FIRE.EXIT' then 'major'
        when f.criterion = 'FIRE.EXIT' then 'at_once'
        when f.source = 'tip' and c.course < 0.4 then 'no_hazard'
        when c.course < 0.16 then 'late' when c.course < 0.30 then 'twice'
        when c.course < 0.40 and f.source = 'inspection' then 'at_once' else 'done' end as course,
    -700 + (n * 66) + floor(pg_temp.chance(u.name || n || 'day') * 60)::int as day
from anze.unit u
cross join generate_series(0, 8) n
cross join lateral (select array_agg(x order by x.description) as known from demo_finding x where x.sector = u.sector) k
cross join lateral unnest(array[k.known[1 + (n + floor(pg_temp.chance(u.name) * 10)::int) % cardinality(k.known)]]) f
cross join lateral (select pg_temp.chance(u.name || n || 'course') as course) c
where u.kind = 'enterprise' and u.credit_code like '91%MA000%' and n < 9;
insert into demo_hazard
select 'open ' || o.number, u.id, f.*, o.course, o.day
from (values
    (1, '伊金霍洛旗示范煤炭有限责任公司', '西翼运输大巷', 'ordered', -9), (2, '准格尔旗样例沟煤矿有限公司', '主斜井带式输送机机尾', 'rectified', -13),
    (3, '准格尔旗样例沟煤矿有限公司', '302综放工作面采空区', 'major', -30), (4, '鄂尔多斯上海庙样例化学有限公司', '甲醇罐区', 'asked', -12),
    (5, '乌审旗图克示范煤化工有限公司', '循环水泵房', 'ordered', -34), (6, '东胜区示例建筑工程有限责任公司', '3号楼塔式起重机', 'stopped', -8),
    (7, '达拉特旗样例道路运输有限公司', '危货车辆停车场', 'refused', -28), (8, '达拉特旗样例道路运输有限公司', '动态监控平台', 'ordered', -70),
    (9, '达拉特旗样例道路运输有限公司', '安全科', 'ordered', -36), (10, '达拉特旗样板冶金有限公司', '1号精炼炉', 'ordered', -5),
    (11, '康巴什区示例商业广场有限公司', '二层东侧安全出口', 'found', -1), (12, '康巴什区示例商业广场有限公司', '地下车库', 'rectified', -12),
    (13, '鄂托克旗样板煤业有限公司', '井口检身站', 'ordered', -7), (14, '东胜区示例建筑工程有限责任公司', '项目部', 'found', -2),
    (15, '准格尔旗示范物流运输有限公司', '安全科', 'ordered', -16)
) o(number, unit, place, course, day)
join anze.unit u on u.name = o.unit
join demo_finding f on f.sector = u.sector and f.place = o.place;
insert into demo_case (key, unit_id) select h.key, h.unit_id from demo_hazard h;
insert into demo_step
select h.key, 1, h.day, case when h.source = 'own_check' then 'unit' else 'inspector' end, 'file',
    jsonb_strip_nulls(jsonb_build_object('unit_id', h.unit_id, 'description', h.description, 'place', h.place, 'source', h.source,
        'category', h.category, 'criterion', h.criterion)), '{}'
from demo_hazard h
union all
select h.key, c.number, h.day + c.gap,
    case c.who when 'judge' then case when h.source = 'own_check' then 'unit' else 'inspector' end
        when 'review' then case when h.source = 'own_check' then 'unit2' else 'inspector' end else c.who end,
    c.action,
    c.fields || case
        when c.action in ('order', 'order_major') then jsonb_build_object('responsible', '分管安全副总经理', 'measures', h.measures)
        when c.action = 'order_at_once' then jsonb_strip_nulls(jsonb_build_object('responsible', '现场负责人', 'measures', h.measures,
            'criterion', h.criterion))
        when c.action = 'judge_major' then jsonb_build_object('criterion', h.criterion)
        when c.action in ('report_rectified', 'report_completed') then jsonb_build_object('result', '已完成：' || h.measures || '。')
        else '{}' end, c.papers
from demo_hazard h join demo_course c on c.course = h.course
where h.day + c.gap < -1 or h.day + c.gap < 0 and c.number < 3;

-- The tailings pond, and the methanol tanks that are listed now.
insert into demo_case (key, unit_id, parent) values
    ('pond', '9e58902e-c443-589a-afc8-ab2322d6dc33', null), ('listed pond', '9e58902e-c443-589a-afc8-ab2322d6dc33', 'pond'),
    ('silt', '9e58902e-c443-589a-afc8-ab2322d6dc33', null),
    ('tanks', '1f3d581c-4d24-5a1f-9a84-5dba2738ca11', null), ('listed tanks', '1f3d581c-4d24-5a1f-9a84-5dba2738ca11', 'tanks');
insert into demo_step values
    ('silt', 1, -6, 'unit', 'file', '{"unit_id": "9e58902e-c443-589a-afc8-ab2322d6dc33", "description": "西沟尾矿库排洪隧洞进口有少量淤砂", "place": "西沟尾矿库排洪隧洞", "source": "own_check", "category": "equipment"}', '{}'),
    ('silt', 2, -5, 'unit', 'judge_general', '{}', '{}'),
    ('silt', 3, -5, 'unit', 'order', '{"due_on": "@20", "responsible": "尾矿库主管", "measures": "人工清淤。"}', '{}'),
    ('pond', 1, -318, 'inspector', 'file', '{"unit_id": "9e58902e-c443-589a-afc8-ab2322d6dc33", "description": "西沟尾矿库排洪隧洞被淤砂堵塞约三分之二，坝体外坡局部渗水，坝下三百米为西沟村", "place": "西沟尾矿库排洪隧洞", "source": "inspection", "category": "equipment", "criterion": "TAILINGS.09", "point": {"lon": 110.868912, "lat": 39.653122, "crs": "CGCS2000"}}', '{record,photo}'),
    ('pond', 2, -318, 'inspector', 'judge_major', '{"criterion": "TAILINGS.09", "basis": "隧洞断面被堵约三分之二，泄洪能力低于设计值。"}', '{}'),
    ('pond', 3, -318, 'unit', 'report_to_department', '{"present_state": "排洪隧洞淤堵，坝坡渗水。", "harm_analysis": "汛期可能漫坝，威胁下游37户村民；整改难度大。", "governance_plan": "清淤、加固、增设监测。"}', '{report}'),
    ('pond', 4, -316, 'inspector', 'order_major', '{"responsible": "总经理", "measures": "疏通排洪隧洞，坝坡反滤压重，恢复设计泄洪能力。", "budget_cny": "4200000.00", "due_on": "@90", "emergency_plan": "编制下游村民转移预案，汛期24小时巡坝。"}', '{}'),
    ('pond', 5, -313, 'unit', 'report_to_congress', '{"told_on": "@0", "meeting": "职工代表大会"}', '{}'),
    ('pond', 6, -305, 'unit', 'submit_plan', '{"goals": "恢复设计排洪能力。", "methods": "机械清淤、反滤压重。", "funds": "自筹420万元。", "organisation": "总经理负责。", "timetable": "三个月。", "safety_measures": "停止放矿，24小时巡坝。"}', '{plan}'),
    ('pond', 7, -160, 'bureau', 'stop_work', '{"reason": "两次逾期未完成整改。", "scope": "选矿厂和尾矿库停产，停止放矿。", "withdrawn_people": 46}', '{}'),
    ('pond', 8, -90, 'unit', 'report_completed', '{"result": "隧洞全线疏通，坝坡反滤压重完成，泄洪能力恢复至设计值。", "evaluation": "示范安全评价有限公司评估合格。", "spent_cny": "5137000.00"}', '{report,photo}'),
    ('pond', 9, -85, 'bureau', 'close_listed', '{}', '{}'), -- its listing does it
    ('listed pond', 1, -313, 'inspector', 'propose', '{"level": "city", "category": "tailings_pond_above_people", "title": "西沟尾矿库排洪隧洞堵塞", "place": "沙圪堵镇西沟尾矿库", "matter": "排洪隧洞堵塞，坝坡渗水，坝下有37户村民。", "grounds": "属于头顶库重大风险，旗里难以按期消除。"}', '{report,photo}'),
    ('listed pond', 2, -307, 'office', 'approve', '{"person_id": "@decider", "opinion": "同意由市安委会挂牌督办。"}', '{}'),
    ('listed pond', 3, -306, 'office', 'issue_notice', '{"document_number": "鄂安委督〔示〕3号", "requirements": "疏通排洪隧洞，恢复设计排洪能力，落实下游村民转移预案。", "removal_procedure": "谁督办谁核查，核查合格后解除。", "leader": "副市长 示例", "supervisor_id": "08beedbb-ac80-5c51-b7df-b11d50ce5c6d", "due_on": "@60"}', '{notice}'),
    ('listed pond', 4, -304, 'office', 'file_upward', '{"filed_on": "@0", "filed_to": "自治区安委会办公室"}', '{}'),
    ('listed pond', 5, -303, 'office', 'publish', '{"published_on": "@0", "media": "市政府网站", "url": "https://www.example.gov.cn/guapai/3"}', '{}'),
    ('listed pond', 6, -298, 'unit', 'file_plan', '{"goals": "恢复设计排洪能力。", "methods": "机械清淤、反滤压重。", "funds": "自筹420万元。", "organisation": "总经理负责。", "timetable": "两个月。", "safety_measures": "停止放矿，24小时巡坝。"}', '{plan}'),
    ('listed pond', 7, -280, 'unit', 'report_progress', '{"progress": "清淤设备进场，已疏通80米。", "percent": 20, "spent_cny": "600000.00"}', '{}'),
    ('listed pond', 8, -256, 'inspector', 'visit', '{"visited_on": "@0", "visitors": "旗应急管理局 张某、李某", "findings": "清淤进度明显滞后。"}', '{record}'),
    ('listed pond', 9, -234, 'office', 'note_lateness', '{"due_on": "@60", "reason": "期限届满，仅疏通三分之一。"}', '{document}'),
    ('listed pond', 10, -233, 'office', 'talk', '{"talked_on": "@0", "talked_with": "企业主要负责人", "demands": "增加设备，六十日内完成。"}', '{minutes}'),
    ('listed pond', 11, -231, 'unit', 'report_progress', '{"progress": "疏通210米，占三分之一。", "percent": 35, "spent_cny": "1450000.00"}', '{}'),
    ('listed pond', 12, -213, 'unit', 'report_progress', '{"progress": "雨季停工两周，疏通290米。", "percent": 45, "spent_cny": "1900000.00"}', '{}'),
    ('listed pond', 13, -161, 'province', 'upgrade', '{"person_id": "@decider", "upgrade_reason": "late", "supervisor_id": "fb22011e-04b4-5fe4-8f8e-2bcf788e6848", "opinion": "两次逾期，由自治区提级督办。"}', '{document}'),
    ('listed pond', 14, -160, 'province', 'file_upward', '{"filed_on": "@0", "filed_to": "国务院安委会办公室"}', '{}'),
    ('listed pond', 15, -160, 'province', 'republish', '{"published_on": "@0", "media": "自治区应急管理厅网站", "url": "https://www.example.gov.cn/guapai/nm-3"}', '{}'),
    ('listed pond', 16, -160, 'province', 'note_lateness', '{"due_on": "@90", "reason": "重新明确的期限再次届满，未完成整改。"}', '{document}'),
    ('listed pond', 17, -160, 'bureau', 'order_stop', '{"person_id": "@decider", "stop_scope": "选矿厂和西沟尾矿库", "stop_number": "内安委停〔示〕7号"}', '{document}'),
    ('listed pond', 18, -158, 'unit', 'report_progress', '{"progress": "停产整治，三班清淤，疏通410米。", "percent": 60, "spent_cny": "3050000.00"}', '{}'),
    ('listed pond', 19, -141, 'unit', 'report_progress', '{"progress": "隧洞贯通，坝坡反滤压重完成一半。", "percent": 85, "spent_cny": "4300000.00"}', '{}'),
    ('listed pond', 20, -124, 'unit', 'report_progress', '{"progress": "坝坡反滤压重完成，监测系统调试。", "percent": 98, "spent_cny": "5100000.00"}', '{}'),
    ('listed pond', 21, -108, 'unit', 'report_progress', '{"progress": "监测系统验收，自查合格。", "percent": 100, "spent_cny": "5137000.00"}', '{}'),
    ('listed pond', 22, -95, 'unit', 'ask_review', '{"completed_on": "@0", "summary": "排洪能力恢复至设计值。", "evaluated_by": "示范安全评价有限公司"}', '{report,photo}'),
    ('listed pond', 23, -94, 'province2', 'pass_review', '{"reviewed_on": "@0", "reviewers": "自治区专家组 王某等5人", "findings": "实测泄洪能力合格，渗流稳定。"}', '{record,photo}'),
    ('listed pond', 24, -89, 'province', 'strike_off', '{"person_id": "@decider", "removal_number": "内安委解〔示〕2号", "resumption_approved": true, "opinion": "同意摘牌并恢复生产。"}', '{notice}'),
    ('listed pond', 25, -85, 'province', 'publish_removal', '{"removal_published_on": "@0", "removal_media": "市政府网站"}', '{}'),
    ('tanks', 1, -95, 'inspector', 'file', '{"unit_id": "1f3d581c-4d24-5a1f-9a84-5dba2738ca11", "description": "甲醇罐区未实现紧急切断，安全仪表系统未独立设置", "place": "甲醇罐区", "source": "inspection", "category": "equipment", "criterion": "ANY.MAJOR"}', '{record,photo}'),
    ('tanks', 2, -95, 'inspector', 'judge_major', '{"criterion": "ANY.MAJOR", "basis": "一级重大危险源罐区无紧急切断阀。"}', '{}'),
    ('tanks', 3, -94, 'unit', 'report_to_department', '{"present_state": "罐区无紧急切断。", "harm_analysis": "泄漏后难以控制。", "governance_plan": "增设切断阀和独立安全仪表系统。"}', '{report}'),
    ('tanks', 4, -93, 'inspector', 'order_major', '{"responsible": "总经理", "measures": "增设紧急切断阀和独立安全仪表系统。", "budget_cny": "3800000.00", "due_on": "@126", "emergency_plan": "降低储量，专人监护。"}', '{}'),
    ('tanks', 5, -90, 'unit', 'report_to_congress', '{"told_on": "@0"}', '{}'),
    ('tanks', 6, -84, 'unit', 'submit_plan', '{"goals": "实现紧急切断。", "methods": "设计、采购、改造、调试。", "funds": "自筹380万元。", "organisation": "总经理负责。", "timetable": "四个月。", "safety_measures": "降低储量，专人监护。"}', '{plan}'),
    ('listed tanks', 1, -92, 'inspector', 'propose', '{"level": "city", "category": "oil_gas_storage_base", "title": "大路甲醇罐区未实现紧急切断", "place": "大路化工园区甲醇罐区", "matter": "一级重大危险源罐区未实现紧急切断。", "grounds": "可能造成群死群伤，邻近园区生活区。"}', '{report}'),
    ('listed tanks', 2, -88, 'office', 'approve', '{"person_id": "@decider", "opinion": "同意挂牌督办。"}', '{}'),
    ('listed tanks', 3, -87, 'office', 'issue_notice', '{"document_number": "鄂安委督〔示〕5号", "requirements": "增设紧急切断阀和独立安全仪表系统。", "removal_procedure": "谁督办谁核查，核查合格后解除。", "leader": "副市长 示例", "supervisor_id": "08beedbb-ac80-5c51-b7df-b11d50ce5c6d", "due_on": "@120"}', '{notice}'),
    ('listed tanks', 4, -85, 'office', 'file_upward', '{"filed_on": "@0", "filed_to": "自治区安委会办公室"}', '{}'),
    ('listed tanks', 5, -83, 'office', 'publish', '{"published_on": "@0", "media": "市政府网站", "url": "https://www.example.gov.cn/guapai/5"}', '{}'),
    ('listed tanks', 6, -78, 'unit', 'file_plan', '{"goals": "实现紧急切断。", "methods": "设计、采购、改造、调试。", "funds": "自筹380万元。", "organisation": "总经理负责。", "timetable": "四个月。", "safety_measures": "降低储量，专人监护。"}', '{plan}'),
    ('listed tanks', 7, -52, 'unit', 'report_progress', '{"progress": "完成设计，设备已订货。", "percent": 30, "spent_cny": "900000.00"}', '{}');
-- A day off moves a step up to nine days ahead; the script leaves that room before what must be late, or in time.
update demo_step s set day = pg_temp.working_day(s.day);

-- Playing it ----------------------------------------------------------------------------------------------------------

-- Days that stand in what was stated or kept, so many days earlier.
create or replace function pg_temp.earlier(v jsonb, days int) returns jsonb language plpgsql as $$
begin
    return case
        when jsonb_typeof(v) = 'object' then (select coalesce(jsonb_object_agg(o.key, pg_temp.earlier(o.value, days)), '{}') from jsonb_each(v) o)
        when jsonb_typeof(v) = 'array' then (select coalesce(jsonb_agg(pg_temp.earlier(a.value, days) order by a.place), '[]')
                                             from jsonb_array_elements(v) with ordinality a(value, place))
        when v #>> '{}' ~ '^\d{4}-\d\d-\d\d$' then to_jsonb((v #>> '{}')::date - days)
        else v end;
end
$$;

-- Papers of listed cases are files: what the step states, signed by nobody.
create or replace function pg_temp.paper(kind text, name text, content text) returns jsonb language plpgsql as $$
declare
    bytes constant bytea := convert_to(content, 'UTF8');
    digest constant text := encode(sha256(bytes), 'hex');
    file uuid := split_part((select f.location from anze.create_file(jsonb_build_object('name', name || '.txt',
        'media_type', 'text/plain', 'size', length(bytes), 'sha256', digest), 1000000, 524288) f), '/', 4);
begin
    perform anze.take_file_chunk(file, 0, bytes, 'sha-256=:' || encode(sha256(bytes), 'base64') || ':', false);
    perform anze.complete_file(file, 1, digest, 'text/plain');
    return jsonb_build_object('kind', kind, 'file_id', file);
end
$$;
create or replace function pg_temp.papers(s demo_step, given jsonb) returns jsonb language sql as $$
    with stated as (
        select a.title_zh as title, a.title_zh || coalesce((
            select string_agg(E'\n' || (f.field ->> 'title_zh') || '：' || (pg_temp.earlier(given, -s.day) ->> (f.field ->> 'name')), ''
                              order by f.place)
            from jsonb_array_elements(a.fields) with ordinality f(field, place)
            where f.field ->> 'type' not in ('unit', 'person', 'choice')), '') || E'\n' as content
        from anze.case_action a where (a.kind, a.version, a.code) = ('listed_supervision', 1, s.action) and s.key like 'listed %')
    select coalesce(jsonb_agg(case when p.kind = 'photo' or t.title is null then jsonb_build_object('kind', p.kind)
                              else pg_temp.paper(p.kind, t.title, t.content) end order by p.place), '[]')
    from unnest(s.papers) with ordinality p(kind, place) left join stated t on true $$;

-- Takes one step, now.
create or replace function pg_temp.take(s demo_step) returns void language plpgsql as $$
declare
    c demo_case;
    papers jsonb;
    given jsonb;
    location text;
begin
    select * into c from demo_case x where x.key = s.key;
    perform pg_temp.speak_as(s.who, c.unit_id);
    given := pg_temp.given(s.fields);
    papers := pg_temp.papers(s, given);
    if s.action = 'file' then
        select h.location into location from anze.file_hazard(given || jsonb_build_object('evidence', papers, 'found_at',
            ((anze.today() + s.day)::timestamp + time '09:00' + interval '1 minute' * floor(pg_temp.chance(s.key) * 7))
                at time zone 'Asia/Shanghai')) h;
        update demo_case x
        set id = (select h.case_id from anze.hazard h where h.id = split_part(location, '/', 4)::uuid)
        where x.key = s.key;
    elsif s.action = 'propose' then
        select l.location into location from anze.propose_listing(given || jsonb_build_object('evidence', papers,
            'parent_id', (select p.id from demo_case p where p.key = c.parent))) l;
        update demo_case x set id = split_part(location, '/', 4)::uuid where x.key = s.key;
    elsif s.action <> 'close_listed' then
        perform anze.case_act(c.id, s.action, given, papers);
    end if;
end
$$;

-- What time brings to each of these cases until its next step: all about it lies so many days further back. Nothing
-- follows from that, so triggers rest; what was done stands in the audit.
create or replace function pg_temp.pass(step int) returns void language plpgsql as $$
begin
    create temporary table passing as
    select c.id, coalesce(n.day, 0) - s.day as days, make_interval(hours => 24 * (coalesce(n.day, 0) - s.day)) as hours
    from demo_step s join demo_case c on c.key = s.key
    left join demo_step n on n.key = s.key and n.number = s.number + 1
    where s.number = step and coalesce(n.day, 0) > s.day;
    update anze.case_file c
    set opened_at = c.opened_at - p.hours, state_since = c.state_since - p.hours, updated_at = c.updated_at - p.hours,
        facts = pg_temp.earlier(c.facts, p.days)
    from passing p where c.id = p.id;
    update anze.case_event e set at = e.at - p.hours, content = pg_temp.earlier(e.content, p.days)
    from passing p where e.case_id = p.id;
    update anze.deadline d
    set starts_at = d.starts_at - p.hours, due_at = d.due_at - p.hours, met_at = d.met_at - p.hours,
        superseded_at = d.superseded_at - p.hours
    from passing p where d.subject_id = p.id;
    update anze.hazard h
    set judged_at = h.judged_at - p.hours, department_told_at = h.department_told_at - p.hours, due_on = h.due_on - p.days,
        congress_told_on = h.congress_told_on - p.days
    from passing p where h.case_id = p.id;
    update anze.hazard_judgement j set judged_at = j.judged_at - p.hours
    from passing p join anze.hazard h on h.case_id = p.id where j.hazard_id = h.id;
    drop table passing;
end
$$;

-- What guards history and follows it rests while days are laid back. What counts goes on: sums of the demo city come from the
-- same triggers as those of any other.
create or replace procedure pg_temp.rest(are_resting boolean) language plpgsql as $$
declare
    watched text;
    counting text;
begin
    foreach watched in array array['case_file', 'case_event', 'deadline', 'hazard', 'hazard_judgement'] loop
        execute format('alter table anze.%I %s trigger user', watched, case when are_resting then 'disable' else 'enable' end);
        for counting in
            select t.tgname from pg_trigger t where t.tgrelid = format('anze.%I', watched)::regclass and t.tgname like 'tally\_%'
        loop
            execute format('alter table anze.%I enable trigger %I', watched, counting);
        end loop;
    end loop;
end
$$;

do $$
declare
    s demo_step;
begin
    for step in 1 .. (select max(number) from demo_step) loop
        -- the oldest first: what was found again is known by what was there
        for s in select x.* from demo_step x where x.number = step order by x.day, x.key loop
            perform pg_temp.take(s);
        end loop;
        call pg_temp.rest(true);
        perform pg_temp.pass(step);
        call pg_temp.rest(false);
    end loop;
end
$$;

-- To the hour -----------------------------------------------------------------------------------------------------------

-- Steps are taken in office hours, one after another; what was counted from them is counted anew.
create temporary table moment on commit drop as
select e.case_id, e.number, e.at as was,
    ((anze.today() + s.day)::timestamp + time '09:20' + interval '13 minutes' * e.number
     + interval '1 second' * floor(pg_temp.chance(s.key || s.number) * 600)) at time zone 'Asia/Shanghai' as at
from demo_step s join demo_case c on c.key = s.key
join anze.case_event e on (e.case_id, e.number) = (c.id, s.number);
create index on moment (case_id, was);
create or replace function pg_temp.moment_of(of_case uuid, was timestamptz) returns timestamptz language sql as $$
    select coalesce((select m.at from moment m where (m.case_id, m.was) = (of_case, moment_of.was)), moment_of.was) $$;
-- The n-th entry of a list that a step keeps, with the moment of that step.
create or replace function pg_temp.dated(list jsonb, of_case uuid, of_action text, member text) returns jsonb language sql as $$
    select jsonb_agg(l.entry || jsonb_build_object(member, anze.instant(e.at)) order by l.place)
    from jsonb_array_elements(list) with ordinality l(entry, place)
    join (select x.at, row_number() over (order by x.number) as place from anze.case_event x
          where x.case_id = of_case and x.action = of_action) e on e.place = l.place $$;

call pg_temp.rest(true);
update anze.case_event e set at = m.at from moment m where (e.case_id, e.number) = (m.case_id, m.number);
select set_config('anze.reach', 'region', true), set_config('anze.region', '15', true), set_config('anze.actor', 'demo', true) \g /dev/null
update anze.file f set created_at = e.at - interval '5 minutes', completed_at = e.at - interval '4 minutes'
from demo_case c join anze.case_event e on e.case_id = c.id cross join jsonb_array_elements(e.evidence) p(paper)
where f.id = (p.paper ->> 'file_id')::uuid;
update anze.hazard_judgement j set judged_at = pg_temp.moment_of(h.case_id, j.judged_at)
from anze.hazard h join demo_case c on c.id = h.case_id where j.hazard_id = h.id;
with begun as (
    select d.id, f.facts, f.region_code, k as clock, pg_temp.moment_of(d.subject_id, d.starts_at) as starts_at
    from demo_case c join anze.deadline d on d.subject_id = c.id join anze.case_file f on f.id = c.id
    join anze.case_clock k on (k.kind, k.version, k.code) = (f.kind, f.kind_version, d.clock))
update anze.deadline d
set starts_at = b.starts_at, met_at = pg_temp.moment_of(d.subject_id, d.met_at),
    superseded_at = pg_temp.moment_of(d.subject_id, d.superseded_at),
    due_at = case when d.rule is null then d.due_at
        when (b.clock).rule is null then (
            select anze.term_end(b.starts_at, r.value, r.unit) from anze.rule r where (r.code, r.version) = (d.rule, d.rule_version))
        else (anze.case_clock_end(b.clock, b.facts, b.region_code, b.starts_at)).due_at end
from begun b where b.id = d.id;
update anze.deadline d set next_notice_at = anze.first_deadline_notice_at(d.due_at, d.starts_at)
from demo_case c where c.id = d.subject_id and d.is_running;
update anze.case_file f
set opened_at = o.opened_at, updated_at = o.updated_at, state_since = pg_temp.moment_of(f.id, f.state_since),
    due_at = coalesce((select min(d.due_at) from anze.deadline d where d.subject_id = f.id and d.is_running), 'infinity'),
    facts = f.facts || jsonb_strip_nulls(jsonb_build_object('late', pg_temp.dated(f.facts -> 'late', f.id, 'note_lateness', 'noted_at'),
        'upgrades', pg_temp.dated(f.facts -> 'upgrades', f.id, 'upgrade', 'at'))) || coalesce((
            select jsonb_object_agg(k.due_field, anze.day_of(d.due_at - interval '1 second'))
            from anze.deadline d join anze.case_clock k on (k.kind, k.version, k.code) = (f.kind, f.kind_version, d.clock)
            where d.subject_id = f.id and d.rule is not null and k.due_field is not null), '{}')
from (select m.case_id, min(m.at) as opened_at, max(m.at) as updated_at from moment m group by m.case_id) o where o.case_id = f.id;
update anze.hazard h
set recorded_at = f.opened_at, updated_at = f.updated_at, judged_at = pg_temp.moment_of(f.id, h.judged_at),
    department_told_at = pg_temp.moment_of(f.id, h.department_told_at), due_at = f.due_at,
    closed_at = case when h.closed_at is not null then f.state_since end
from anze.case_file f join demo_case c on c.id = f.id where h.case_id = f.id;
call pg_temp.rest(false);

-- The register of risks -----------------------------------------------------------------------------------------------

-- Each point was assessed last year and again this quarter, by LEC.
create temporary table demo_point (key text, unit text, name text, activity text, lon numeric, lat numeric, before numeric[], now numeric[], harm text, measure text)
    on commit drop;
insert into demo_point values
    ('dam', '准格尔旗示例矿业有限责任公司西沟尾矿库', '尾矿坝坝体', '尾矿堆存', 110.868912, 39.653122, '{6,6,100}', '{1,6,40}', '溃坝', '在线监测浸润线和位移'),
    ('tunnel', '准格尔旗示例矿业有限责任公司西沟尾矿库', '排洪隧洞', '排洪', 110.869730, 39.654010, '{6,6,40}', '{3,6,15}', '淹溺、溃坝', '汛前清淤、汛期巡查'),
    ('pit', '准格尔旗示例矿业有限责任公司', '露天采场北帮', '采剥作业', 110.861200, 39.661500, '{3,6,15}', '{3,6,15}', '坍塌', '边坡监测和浮石清理'),
    ('mill', '准格尔旗示例矿业有限责任公司', '选矿厂破碎机', '破碎', 110.864400, 39.658800, '{3,6,3}', '{1,6,7}', '机械伤害', '防护罩和上锁挂牌'),
    ('roof', '准格尔旗示例煤业有限责任公司一号井', '回采工作面顶板', '回采作业', 111.214300, 39.861200, '{3,6,40}', '{3,6,40}', '冒顶片帮', '支架初撑力监测'),
    ('gas', '准格尔旗示例煤业有限责任公司一号井', '回采工作面瓦斯', '回采作业', 111.215900, 39.862700, '{1,6,100}', '{1,6,40}', '瓦斯爆炸', '监测监控和瓦斯巡检'),
    ('belt', '准格尔旗示例煤业有限责任公司', '主运输带式输送机', '原煤运输', 111.208800, 39.859000, '{3,6,7}', '{3,6,7}', '火灾、机械伤害', '温度和烟雾保护'),
    ('fire seam', '准格尔旗样例沟煤矿有限公司', '302综放采空区', '综放开采', 110.603300, 39.504400, '{3,6,15}', '{6,6,15}', '自然发火', '注氮和束管监测'),
    ('hoist', '准格尔旗样例沟煤矿有限公司', '副井提升系统', '人员提升', 110.606100, 39.507200, '{0.5,6,100}', '{0.5,6,40}', '坠罐', '定期检测和保护试验'),
    ('seam 6', '伊金霍洛旗示范煤炭有限责任公司', '6号煤层工作面', '回采作业', 109.993300, 39.352100, '{3,6,15}', '{3,6,15}', '冒顶片帮', '矿压观测'),
    ('shaft', '鄂托克旗样板煤业有限公司', '主斜井', '提升运输', 107.003900, 39.402800, '{1,6,15}', '{1,6,15}', '跑车', '防跑车装置'),
    ('methanol', '准格尔旗大路示例化工有限公司甲醇罐区', '甲醇储罐', '储存', 111.302200, 40.003100, '{3,6,40}', '{3,6,40}', '火灾、爆炸', '紧急切断和气体检测'),
    ('loading', '准格尔旗大路示例化工有限公司', '甲醇装车栈台', '装车', 111.305500, 40.005600, '{3,6,15}', '{3,3,15}', '火灾', '静电接地和鹤管联锁'),
    ('ammonia', '鄂尔多斯上海庙样例化学有限公司', '液氨球罐', '储存', 106.702400, 38.302900, '{1,6,100}', '{1,6,40}', '中毒、爆炸', '切断阀和喷淋'),
    ('gasifier', '乌审旗图克示范煤化工有限公司', '气化炉', '煤气化', 109.301800, 38.902500, '{3,6,15}', '{3,6,15}', '爆炸、中毒', '联锁和定期检验'),
    ('crane', '东胜区示例建筑工程有限责任公司', '3号楼塔式起重机', '吊装', 109.992200, 39.822800, '{3,6,15}', '{3,6,15}', '起重伤害', '限位和附着检查'),
    ('foundation', '东胜区示例建筑工程有限责任公司', '2号楼基坑', '土方开挖', 109.993900, 39.824100, '{3,3,15}', '{1,3,15}', '坍塌', '位移监测'),
    ('tankers', '达拉特旗样例道路运输有限公司', '危货车辆停车场', '停放检修', 110.031500, 40.401700, '{3,6,15}', '{3,6,7}', '火灾', '分区停放和巡查'),
    ('road', '准格尔旗示范物流运输有限公司', '薛魏线长下坡', '货物运输', 110.902200, 39.702300, '{6,6,7}', '{3,6,7}', '车辆伤害', '动态监控和限速'),
    ('furnace', '达拉特旗样板冶金有限公司', '1号精炼炉', '冶炼', 110.038800, 40.409200, '{3,6,15}', '{1,6,40}', '喷溅、灼烫', '冷却水联锁'),
    ('mall', '康巴什区示例商业广场有限公司', '四层影院', '观影', 109.782500, 39.602600, '{1,6,40}', '{1,6,40}', '火灾、踩踏', '疏散通道每日巡查'),
    ('kitchen', '康巴什区示例商业广场有限公司', '餐饮区燃气', '餐饮', 109.783300, 39.601800, '{3,6,7}', '{1,6,7}', '燃气泄漏', '报警联动切断');
insert into anze.risk_point (id, unit_id, name, place, activity, lon, lat, crs, region_code, sector, created_at, updated_at)
select md5('demo point ' || p.key)::uuid, u.id, p.name, p.name, p.activity, p.lon, p.lat, 'CGCS2000', u.region_code, u.sector,
    now() - interval '500 days', now() - interval '500 days'
from demo_point p join anze.unit u on u.name = p.unit;
select count(x.status)
from demo_point p
join anze.risk_point r on r.id = md5('demo point ' || p.key)::uuid
cross join lateral (values (1, anze.today() - 330, p.before),
    (2, greatest(date_trunc('quarter', anze.today())::date, anze.today() - 40), p.now)) a(number, day, factors)
cross join lateral (select pg_temp.speak_as('unit', r.unit_id) offset 0) s(spoken)
cross join lateral anze.assess_risk_point(case when s.spoken is null then r.id end, a.number::text,
    jsonb_build_object('assessed_on', a.day, 'method', 'lec', 'likelihood', a.factors[1], 'exposure', a.factors[2],
        'consequence', a.factors[3], 'harm', p.harm, 'reason', '季度评估', 'assessor', '安全科', 'measures',
        jsonb_build_array(jsonb_build_object('kind', 'engineering', 'text', p.measure, 'level', 'company',
            'responsible', '分管副总经理')))) x \g /dev/null
\endif
commit;
