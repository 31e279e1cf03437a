-- The demo city at work: who holds which post, two years of records, and what was left undone. Made from a seed, so that
-- every instance is alike (psql -v seed=…); loading it again changes nothing.

begin;
select not exists (select from anze.duty_record r where r.actor = 'demo') as is_new \gset
\if :is_new
select set_config('anze.reach', 'service', true), set_config('anze.actor', 'demo', true),
       set_config('anze.demo_seed', :'seed', true), set_config('anze.effective_on', '2020-01-01', true) \g /dev/null

-- A number from 0 to 1 that belongs to a name: the same at every load, whatever the order.
create function pg_temp.chance(name text) returns float8 language sql as $$
    select ('x' || left(md5(current_setting('anze.demo_seed') || name), 8))::bit(32)::bigint / 4294967296.0 $$;
create function pg_temp.named(name text) returns uuid language sql as $$ select md5('demo ' || name)::uuid $$;
create function pg_temp.person_name(name text) returns text language sql as $$
    select (array['王','李','张','刘','陈','杨','赵','黄','周','吴','徐','孙','胡','朱','高','林','何','郭','马','白'])
               [1 + floor(pg_temp.chance(name || ' family') * 20)::int]
        || (array['建国','志强','晓东','海燕','永红','巴特尔','其其格','文斌','丽华','国栋','明亮','立新','玉兰','俊峰','苏和','乌云'])
               [1 + floor(pg_temp.chance(name || ' given') * 16)::int] $$;

-- Party committees beside the governments, the sections of the city's office, a chemical park, two more sites.
insert into anze.unit (id, kind, name, region_code, level, accountable_to, opened_on)
select pg_temp.named('party ' || g.region_code), 'party_committee',
    '中共' || replace(g.name, '人民政府', '') || '委员会', g.region_code, g.level, null, '2020-01-01'
from anze.unit g where g.kind = 'government';
insert into anze.unit (id, kind, name, region_code, level, accountable_to, opened_on)
select pg_temp.named('section ' || s.name), 'section', s.name, '150600', 'city', o.id, '2022-06-01'
from anze.unit o, (values ('市安委会办公室综合协调科'), ('市安委会办公室督查考核科')) s(name)
where o.kind = 'safety_office' and o.region_code = '150600';
insert into anze.unit (id, kind, name, region_code, level, accountable_to, opened_on)
select pg_temp.named('safety section ' || d.id), 'section', d.name || '安全生产监督管理科', d.region_code, d.level, d.id, '2022-01-01'
from anze.unit d where d.kind = 'department';
insert into anze.unit (id, kind, name, region_code, level, sector, accountable_to, opened_on)
select pg_temp.named('park'), 'chemical_park', '准格尔旗大路化工园区管理委员会', '150622102', 'county', null, g.id, '2020-01-01'
from anze.unit g where g.kind = 'government' and g.region_code = '150622';
insert into anze.unit (id, kind, site_kind, name, region_code, sector, accountable_to, opened_on, high_risk)
select pg_temp.named('tank farm'), 'site', 'major_hazard_source', '准格尔旗大路示例化工有限公司甲醇罐区', e.region_code, e.sector,
    e.id, '2021-03-01', '{hazardous_chemicals}'
from anze.unit e where e.name = '准格尔旗大路示例化工有限公司';
update anze.unit set site_kind = 'mine' where kind = 'site' and name like '%一号井';
update anze.unit u set high_risk = f.high_risk
from (values ('coal', '{mine}'::text[]), ('non_coal_mine', '{mine}'), ('hazardous_chemicals', '{hazardous_chemicals}'), ('chemical', '{hazardous_chemicals}'),
             ('construction', '{construction}'), ('road_traffic', '{transport}'), ('metal_smelting', '{metal_smelting}'))
         f(sector, high_risk)
where u.kind in ('enterprise', 'site') and u.sector = f.sector;

-- Posts: for each kind of unit those that it has. In the county of the story the head of the energy bureau changed.
create temporary table demo_post on commit drop as
select u.id as unit_id, p.post, p.place, daterange(p.since, null) as held, p.qualifications, p.is_full_time
from anze.unit u
join (values
    ('party_committee', 'party_head', 1, date '2023-02-01', '{}'::text[], false),
    ('party_committee', 'party_standing_member', 2, '2023-02-01', '{}', false),
    ('party_committee', 'party_standing_member', 3, '2023-02-01', '{}', false),
    ('government', 'government_head', 1, '2023-03-01', '{}', false),
    ('government', 'government_leader', 3, '2023-03-01', '{}', false),
    ('department', 'department_head', 1, '2023-05-01', '{}', false),
    ('department', 'department_deputy', 3, '2023-05-01', '{safety_experience}', false),
    ('department', 'enforcement_officer', 4, '2022-01-01', '{safety_education,enforcement_certificate}', false),
    ('department', 'enforcement_officer', 5, '2022-01-01', '{safety_certificate,enforcement_certificate}', false),
    ('department', 'enforcement_officer', 6, '2022-01-01', '{safety_experience,enforcement_certificate}', false),
    ('department', 'enforcement_officer', 7, '2022-01-01', '{enforcement_certificate}', false),
    ('department', 'safety_supervisor', 8, '2022-01-01', '{safety_education}', true),
    ('safety_committee', 'committee_director', 1, '2023-03-01', '{}', false),
    ('safety_office', 'office_director', 1, '2023-05-01', '{safety_experience}', false),
    ('section', 'section_head', 1, '2022-06-01', '{safety_education}', false),
    ('chemical_park', 'park_head', 1, '2022-01-01', '{}', false),
    ('chemical_park', 'park_leader', 2, '2022-01-01', '{chemical_education,chemical_experience}', false),
    ('enterprise', 'legal_representative', 1, '2021-01-01', '{}', false),
    ('enterprise', 'actual_controller', 2, '2021-01-01', '{}', false),
    ('enterprise', 'principal', 1, '2021-01-01', '{}', false),
    ('enterprise', 'safety_manager', 3, '2021-01-01', '{safety_certificate}', true)
) p(kind, post, place, since, qualifications, is_full_time) on p.kind = u.kind
union all
select u.id, p.post, p.place, '[2023-05-01,)', '{safety_experience}', false
from anze.unit u, (values ('department_executive_deputy', 2), ('department_safety_deputy', 2)) p(post, place)
where u.kind = 'department'
union all -- the leader in charge sits on the standing committee: the second person of the party committee
select g.id, 'government_safety_leader', 12, '[2023-03-01,)', '{}', false from anze.unit g where g.kind = 'government'
union all
select u.id, p.post, p.place, '[2022-01-01,)', '{safety_education}', true
from anze.unit u
join (values ('mine_manager', 11), ('mine_chief_engineer', 12), ('mine_safety_deputy', 13), ('mine_production_deputy', 14),
             ('mine_electromechanical_deputy', 15)) p(post, place) on u.site_kind = 'mine'
union all
select u.id, p.post, p.place, '[2022-01-01,)', '{chemical_education}', true
from anze.unit u
join (values ('hazard_source_principal', 1), ('hazard_source_technical', 2), ('hazard_source_operational', 3)) p(post, place)
    on u.site_kind = 'major_hazard_source'
union all
select u.id, 'principal', 4, '[2021-01-01,)', '{}', false from anze.unit u where u.kind = 'site';

insert into anze.person (id, unit_id, code, name, phone, qualifications, region_code, sector, is_body)
select distinct on (u.id, d.place) pg_temp.named('person ' || u.id || ' ' || d.place), u.id, d.place::text,
    pg_temp.person_name(u.name || d.place), '1380000' || lpad((floor(pg_temp.chance(u.name || d.place || ' phone') * 10000)::int)::text, 4, '0'),
    d.qualifications, u.region_code, u.sector, u.is_body
from demo_post d join anze.unit u on u.id = d.unit_id
where d.place <> 12 or u.kind <> 'government'
order by u.id, d.place, cardinality(d.qualifications) desc;
insert into anze.appointment (id, person_id, unit_id, post, held, document_number, portfolio, is_full_time, region_code, sector,
                              is_body)
select pg_temp.named('post ' || u.id || d.post || d.place),
    case when d.post = 'government_safety_leader' then pg_temp.named('person ' || pg_temp.named('party ' || u.region_code) || ' 2')
         else pg_temp.named('person ' || u.id || ' ' || d.place) end,
    u.id, d.post, d.held, case when u.is_body then '鄂示任〔' || extract(year from lower(d.held)) || '〕' || d.place || '号' end,
    case d.post when 'government_safety_leader' then '{coal,hazardous_chemicals,construction}'::text[]
        when 'government_leader' then '{education,agriculture}' else '{}' end,
    d.is_full_time, u.region_code, u.sector, u.is_body
from demo_post d join anze.unit u on u.id = d.unit_id;
-- The full-time deputy director of the city's office is a deputy of its emergency department.
insert into anze.appointment (id, person_id, unit_id, post, held, document_number, is_full_time, region_code, sector, is_body)
select pg_temp.named('full-time deputy'), pg_temp.named('person ' || e.id || ' 3'), o.id, 'office_deputy_director',
    '[2022-09-01,)', '鄂示任〔2022〕9号', true, o.region_code, null, true
from anze.unit e, anze.unit o
where e.kind = 'department' and e.supervision_role = 'comprehensive' and e.region_code = '150600'
    and o.kind = 'safety_office' and o.region_code = '150600';

-- Two years of duties, from the first day of the quarter two years ago.
update anze.duty_work w
set begins_on = greatest(u.opened_on, (date_trunc('quarter', anze.today() - interval '2 years'))::date)
from anze.unit u where u.id = w.unit_id;
select anze.plan_obligations(array(select u.id from anze.unit u),
    (date_trunc('quarter', anze.today() - interval '2 years'))::date, anze.plan_horizon()) \g /dev/null
update anze.duty_work set plan_from = null, planned_until = anze.plan_horizon();

-- What was done: mostly in time, sometimes without its paper, now and then not at all; one enterprise is careless, and
-- the head of one county's government led no inspection last quarter.
create temporary table demo_done on commit drop as
select o.*, d.record_kinds[1] as kind, d.evidence, d.publicity, n.number,
    o.period_start + floor(pg_temp.chance(o.id || ' day' || n.number) * (o.period_end - o.period_start) * 0.95)::int as on_day,
    pg_temp.chance(o.id || ' done' || n.number) < case
        when u.name = '准格尔旗人民政府' or o.duty in ('D.PARTY.VISIT', 'D.GOV.VISIT') then 1
        when u.name = '达拉特旗样例道路运输有限公司' then 0.55
        when u.kind in ('enterprise', 'site') then 0.90
        else 0.96 end as is_done,
    pg_temp.chance(o.id || ' paper') < 0.98 or u.name = '准格尔旗人民政府' or o.duty in ('D.PARTY.VISIT', 'D.GOV.VISIT')
        as has_paper
from anze.obligation o
join anze.duty d on d.code = o.duty and d.version = o.duty_version
join anze.unit u on u.id = o.unit_id
cross join lateral generate_series(1, o.required) n(number)
where o.state = 'open' and o.event_id is null
    and not (o.duty = 'D.GOV.VISIT' and o.region_code = '150622' and u.kind = 'government'
             and o.period_end = (date_trunc('quarter', anze.today()))::date);
insert into anze.duty_record (id, kind, unit_id, person_id, on_day, for_period, title, content, evidence, published_on,
                              published_at_url, valid, region_code, sector)
select pg_temp.named('record ' || d.id || d.number), d.kind, d.unit_id, d.holder_id, d.on_day, d.period_start,
    k.title_zh || '（' || to_char(d.period_start, 'YYYY年FMMM月') || '）', '{}', case when d.has_paper then d.evidence else '{}' end,
    case when d.publicity then d.on_day end, case when d.publicity then 'https://www.example.gov.cn/anquan/' || left(d.id::text, 8) end,
    case when d.kind in ('insurance_policy', 'duty_list', 'staff_register') then daterange(d.period_start, d.period_end + 60) end,
    d.region_code, d.sector
from demo_done d join anze.duty_record_kind k on k.code = d.kind
where d.is_done and d.on_day <= anze.today();
-- Lists, registers, systems and policies that must be in force: nearly everybody has them.
select anze.refresh_findings(array(select u.id from anze.unit u)) \g /dev/null
insert into anze.duty_record (id, kind, unit_id, on_day, title, content, evidence, published_on, published_at_url, valid,
                              region_code, sector)
select pg_temp.named('standing ' || f.unit_id || f.rule), r.record_kinds[1], f.unit_id, f.since, r.title_zh, '{}', '{}',
    case when r.must_be_published then f.since end,
    case when r.must_be_published then 'https://www.example.gov.cn/anquan/' || left(f.unit_id::text, 8) end,
    daterange(f.since, anze.today() + 400), f.region_code, f.sector
from anze.structural_finding f join anze.structural_rule r on r.code = f.rule
where r.check_kind = 'standing_record' and pg_temp.chance(f.unit_id || f.rule) < 0.95;
select anze.refresh_findings(array(select u.id from anze.unit u)) \g /dev/null
select anze.settle_obligations(array(select o.id from anze.obligation o)) \g /dev/null
\endif
commit;
