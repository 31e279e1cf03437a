-- Who answers for safety: units with their history, people, the posts that they hold, and the rules of structure.

-- Declared here so that policies can name them; they show nothing until sql/functions/access.sql gives them bodies.
create function anze.can_see_of_unit(region_code text, sector text, unit_id uuid) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;

-- Opaque as well: an EXISTS within a policy is made into a hash of the whole other table.
create function anze.sees_unit(unit_id uuid) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;

create function anze.sees_post_of(person_id uuid) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;

-- Units ------------------------------------------------------------------------------------------------------------

alter table anze.unit
    drop constraint unit_kind,
    add constraint unit_kind check (kind in (
        'party_committee', 'government', 'department', 'safety_committee', 'safety_office', 'section', 'township',
        'management_zone', 'chemical_park', 'enterprise', 'enterprise_group', 'site', 'agency')),
    add column code text collate "C",
    add column site_kind text,
    add column high_risk text[] not null default '{}',
    add column group_id uuid,
    add column zone_id uuid,
    add column opened_on date not null default '2000-01-01',
    add column closed_on date,
    add constraint unit_code_key unique (code),
    add constraint unit_code_form check (code ~ '^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$'),
    add constraint unit_site_kind check (
        site_kind is null
        or site_kind in ('mine', 'tailings_pond', 'major_hazard_source', 'construction_site', 'other') and kind = 'site'),
    add constraint unit_high_risk check (
        high_risk <@ array['mine', 'hazardous_chemicals', 'fireworks', 'transport', 'construction',
                           'civil_explosives', 'metal_smelting', 'fishing']),
    add constraint unit_group_fkey foreign key (group_id) references anze.unit,
    add constraint unit_not_its_own_group check (group_id <> id),
    add constraint unit_zone_fkey foreign key (zone_id) references anze.unit,
    add constraint unit_not_its_own_zone check (zone_id <> id),
    add constraint unit_lifetime check (
        isfinite(opened_on) and closed_on is distinct from 'infinity' and closed_on > opened_on),
    -- Which kinds have what. NOT VALID: what stands from before stays until somebody changes it.
    add constraint unit_level_of_bodies check (
        level is null or kind not in ('enterprise', 'enterprise_group', 'site')) not valid,
    add constraint unit_supervision_of_bodies check (
        supervision_role is null or kind not in ('enterprise', 'enterprise_group', 'site')) not valid,
    add constraint unit_risk_of_enterprises check (
        risk_class is null and high_risk = '{}' or kind in ('enterprise', 'enterprise_group', 'site')) not valid,
    add constraint unit_group_of_enterprises check (
        group_id is null or kind in ('enterprise', 'enterprise_group', 'site', 'agency')) not valid;
-- An import brings units that refer to later ones: it defers these until all of them are there.
alter table anze.unit
    alter constraint unit_accountable_to_fkey deferrable initially immediate,
    alter constraint unit_group_fkey deferrable initially immediate,
    alter constraint unit_zone_fkey deferrable initially immediate;
comment on column anze.unit.code is 'its code in the register that it was imported from';
comment on column anze.unit.high_risk is '高危行业领域, by the eight of the insurance rules (应急〔2025〕27号, article 2)';
comment on column anze.unit.group_id is '集团总部: the group that it belongs to, whatever it answers to';
comment on column anze.unit.zone_id is 'the management zone 功能区 that it lies in; zones have no division code';
comment on column anze.unit.closed_on is 'the first day on which it no longer exists';
comment on constraint unit_kind on anze.unit is
    '单位类型不在代码表内。 | The kind of unit is not in the code set. | /kind';
comment on constraint unit_code_key on anze.unit is '该单位编码已登记。 | This unit code is registered already. | /code';
comment on constraint unit_code_form on anze.unit is
    '单位编码应为 1 至 64 个字母、数字或 . _ : -。 | A unit code has 1 to 64 letters, digits or . _ : -. | /code';
comment on constraint unit_site_kind on anze.unit is
    '只有场所才有场所类型，且应在代码表内。 | Only a site has a kind of site, one of the code set. | /site_kind';
comment on constraint unit_high_risk on anze.unit is
    '高危行业领域不在代码表内。 | The high-risk field is not in the code set. | /high_risk';
comment on constraint unit_group_fkey on anze.unit is '所属集团不存在。 | The group does not exist. | /group_id';
comment on constraint unit_not_its_own_group on anze.unit is
    '单位不能是自己的集团。 | A unit is not its own group. | /group_id';
comment on constraint unit_zone_fkey on anze.unit is
    '所在功能区不存在。 | The management zone does not exist. | /zone_id';
comment on constraint unit_not_its_own_zone on anze.unit is
    '单位不能在自己之内。 | A unit does not lie in itself. | /zone_id';
comment on constraint unit_lifetime on anze.unit is
    '撤销日期应晚于成立日期。 | A unit closes after it opened. | /closed_on';
comment on constraint unit_level_of_bodies on anze.unit is
    '只有党政机关等机构才有层级。 | Only a body of party or state has a level. | /level';
comment on constraint unit_supervision_of_bodies on anze.unit is
    '企业和场所没有监管职责。 | An enterprise or a site supervises nobody. | /supervision_role';
comment on constraint unit_risk_of_enterprises on anze.unit is
    '只有企业和场所才有风险等级和高危行业领域。 | Only an enterprise or a site has a risk class and high-risk fields. | /risk_class';
comment on constraint unit_group_of_enterprises on anze.unit is
    '只有企业、场所和技术服务机构才属于集团。 | Only an enterprise, a site or an agency belongs to a group. | /group_id';

create index unit_group on anze.unit (group_id) where group_id is not null;
create index unit_zone on anze.unit (zone_id) where zone_id is not null;
create index unit_region_body on anze.unit (region_code, kind) where is_body;

-- What a unit was on any day. Kept by a trigger on anze.unit (sql/functions/unit_history.sql) from the day named by
-- the setting anze.effective_on, else from today.
create table anze.unit_span (
    unit_id uuid not null,
    during daterange not null,
    kind text not null,
    name text collate "C" not null,
    credit_code text collate "C",
    region_code text collate "C" not null,
    sector text,
    level text,
    supervision_role text,
    supervised_sectors text[] not null,
    accountable_to uuid,
    risk_class text,
    site_kind text,
    high_risk text[] not null,
    group_id uuid,
    zone_id uuid,
    is_body boolean not null,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint unit_span_unit_fkey foreign key (unit_id) references anze.unit,
    constraint unit_span_not_empty check (not isempty(during)),
    -- Over a hash, so that no query by unit takes this index: a b-tree finds a unit's spans a thousand times faster.
    constraint unit_span_one_at_a_time exclude using gist (uuid_hash_extended(unit_id, 0) with =, during with &&)
);
-- The audit names rows by a primary key, which an exclusion constraint is not.
alter table anze.unit_span add constraint unit_span_pkey primary key (unit_id, during);
comment on table anze.unit_span is '单位沿革: what a unit was from day to day';
comment on constraint unit_span_pkey on anze.unit_span is
    '该时段已有记载。 | This span is recorded already. | /effective_on';
comment on constraint unit_span_unit_fkey on anze.unit_span is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint unit_span_not_empty on anze.unit_span is
    '时段不能为空。 | A span has at least one day. | /effective_on';
comment on constraint unit_span_one_at_a_time on anze.unit_span is
    '同一单位的时段不能重叠。 | The spans of a unit do not overlap. | /effective_on';
create index unit_span_superior on anze.unit_span (accountable_to) where accountable_to is not null;
create index unit_span_zone on anze.unit_span (zone_id) where zone_id is not null;
create index unit_span_region on anze.unit_span (region_code);
alter table anze.unit_span enable row level security;
alter table anze.unit_span force row level security;
create policy unit_span_seen on anze.unit_span for select to anze_service
    -- what lay in the caller's region then, and the whole past of what the caller sees today
    using (anze.can_see_unit(region_code, sector, unit_id, is_body)
           or anze.sees_unit(unit_id));
create policy unit_span_owner on anze.unit_span to current_user using (true);
grant select on anze.unit_span to anze_service;
-- Units from before have been what they are since they opened: nothing older is known.
insert into anze.unit_span (unit_id, during, kind, name, credit_code, region_code, sector, level, supervision_role,
    supervised_sectors, accountable_to, risk_class, site_kind, high_risk, group_id, zone_id, is_body)
select u.id, daterange(u.opened_on, u.closed_on), u.kind, u.name, u.credit_code, u.region_code, u.sector, u.level,
    u.supervision_role, u.supervised_sectors, u.accountable_to, u.risk_class, u.site_kind, u.high_risk, u.group_id,
    u.zone_id, u.is_body
from anze.unit u;

-- Renamed, merged, split, closed: what happened, by which document, and which other units it was with.
create table anze.unit_event (
    id uuid not null default gen_random_uuid(),
    unit_id uuid not null,
    kind text not null,
    on_day date not null,
    others uuid[] not null default '{}',
    document_number text,
    note text,
    recorded_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint unit_event_pkey primary key (id),
    constraint unit_event_unit_fkey foreign key (unit_id) references anze.unit,
    constraint unit_event_kind check (kind in (
        'opened', 'changed', 'merged_into', 'absorbed', 'split_into', 'split_from', 'closed')),
    constraint unit_event_day check (isfinite(on_day)),
    constraint unit_event_document_length check (length(document_number) between 1 and 100),
    constraint unit_event_note_length check (length(note) between 1 and 1000)
);
comment on table anze.unit_event is '单位变更: opening, change, merger, split and closing, by which document';
comment on constraint unit_event_pkey on anze.unit_event is '该变更已存在。 | This event exists already. | /id';
comment on constraint unit_event_unit_fkey on anze.unit_event is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint unit_event_kind on anze.unit_event is
    '变更类型不在代码表内。 | The kind of event is not in the code set. | /kind';
comment on constraint unit_event_day on anze.unit_event is '日期无效。 | The day is not a day. | /effective_on';
comment on constraint unit_event_document_length on anze.unit_event is
    '文号应为 1 至 100 个字。 | A document number has 1 to 100 characters. | /document_number';
comment on constraint unit_event_note_length on anze.unit_event is
    '说明应为 1 至 1000 个字。 | A note has 1 to 1000 characters. | /note';
create index unit_event_unit on anze.unit_event (unit_id, on_day desc, recorded_at desc);
alter table anze.unit_event enable row level security;
alter table anze.unit_event force row level security;
create policy unit_event_seen on anze.unit_event for select to anze_service
    using (anze.sees_unit(unit_id));
create policy unit_event_owner on anze.unit_event to current_user using (true);
grant select on anze.unit_event to anze_service;

-- Posts, people, appointments -------------------------------------------------------------------------------------

create table anze.post (
    code text not null,
    title_zh text not null,
    title_en text not null,
    unit_kinds text[] not null,
    is_single boolean not null default false,
    is_first_responsible boolean not null default false,
    is_leadership boolean not null default false,
    is_in_charge boolean not null default false,
    place smallint not null,
    constraint post_pkey primary key (code),
    constraint post_code_form check (code ~ '^[a-z][a-z_]{1,40}$')
);
comment on table anze.post is '职务: the posts that the law and the opinion speak of, and the kinds of unit that have them';
comment on column anze.post.is_single is 'a unit has at most one holder at a time';
comment on column anze.post.is_first_responsible is '第一责任人 of its unit';
comment on column anze.post.is_leadership is 'a member of the leadership 领导班子 of its unit';
comment on column anze.post.is_in_charge is '分管安全生产: in charge of work safety in its unit';
comment on constraint post_pkey on anze.post is '该职务已存在。 | This post exists already. | /code';
comment on constraint post_code_form on anze.post is '职务代码格式不正确。 | The post code has the wrong form. | /code';
grant select on anze.post to anze_service;

create table anze.person (
    id uuid not null default gen_random_uuid(),
    unit_id uuid not null,
    code text collate "C",
    name text collate "C" not null,
    phone text,
    qualifications text[] not null default '{}',
    region_code text collate "C" not null,
    sector text,
    is_body boolean not null,
    version integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint person_pkey primary key (id),
    constraint person_unit_fkey foreign key (unit_id) references anze.unit,
    constraint person_region_fkey foreign key (region_code) references anze.region,
    constraint person_code_key unique (unit_id, code),
    constraint person_code_form check (code ~ '^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$'),
    constraint person_name_length check (length(name) between 1 and 50),
    constraint person_phone_form check (phone ~ '^\+?[0-9-]{5,20}$'),
    constraint person_qualifications check (
        qualifications <@ array['safety_education', 'safety_certificate', 'safety_experience', 'chemical_education',
                                'chemical_experience', 'law_examination', 'enforcement_certificate'])
);
comment on table anze.person is
    '人员: who holds posts. No identity numbers: a person is known by the staff number of the unit that keeps the file';
comment on column anze.person.unit_id is 'the unit that keeps the file; region, sector and is_body are this unit''s';
comment on column anze.person.code is 'staff number 工号 in that unit';
comment on constraint person_pkey on anze.person is '该人员已存在。 | This person exists already. | /id';
comment on constraint person_unit_fkey on anze.person is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint person_region_fkey on anze.person is
    '行政区划代码不存在。 | The division code does not exist. | /region_code';
comment on constraint person_code_key on anze.person is
    '该单位已有此工号。 | The unit has a person of this staff number already. | /code';
comment on constraint person_code_form on anze.person is
    '工号应为 1 至 64 个字母、数字或 . _ : -。 | A staff number has 1 to 64 letters, digits or . _ : -. | /code';
comment on constraint person_name_length on anze.person is
    '姓名应为 1 至 50 个字。 | A name has 1 to 50 characters. | /name';
comment on constraint person_phone_form on anze.person is
    '电话号码格式不正确。 | The telephone number has the wrong form. | /phone';
comment on constraint person_qualifications on anze.person is
    '专业背景不在代码表内。 | A qualification is not in the code set. | /qualifications';
create index person_province on anze.person (province, name, id);
create index person_city on anze.person (city, name, id);
create index person_county on anze.person (county, name, id);
create index person_town on anze.person (town, name, id);
create index person_unit on anze.person (unit_id, name, id);
alter table anze.person enable row level security;
alter table anze.person force row level security;
create policy person_owner on anze.person to current_user using (true);
grant select on anze.person to anze_service;

create table anze.appointment (
    id uuid not null default gen_random_uuid(),
    person_id uuid not null,
    unit_id uuid not null,
    post text not null,
    held daterange not null,
    document_number text,
    ending_document_number text,
    portfolio text[] not null default '{}',
    portfolio_note text,
    is_full_time boolean not null default false,
    correction_reason text,
    region_code text collate "C" not null,
    sector text,
    is_body boolean not null,
    version integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    begins_on date not null generated always as (lower(held)) stored,
    constraint appointment_pkey primary key (id),
    constraint appointment_person_fkey foreign key (person_id) references anze.person,
    constraint appointment_unit_fkey foreign key (unit_id) references anze.unit,
    constraint appointment_post_fkey foreign key (post) references anze.post,
    constraint appointment_held check (not isempty(held) and lower(held) is not null and isfinite(lower(held))
                                       and upper(held) is distinct from 'infinity'),
    -- Over a hash, so that no query by person or unit takes this index: see unit_span_one_at_a_time.
    constraint appointment_once exclude using gist (
        uuid_hash_extended(person_id, uuid_hash_extended(unit_id, hashtextextended(post, 0))) with =, held with &&),
    constraint appointment_document_length check (length(document_number) between 1 and 100),
    constraint appointment_ending_document_length check (length(ending_document_number) between 1 and 100),
    constraint appointment_portfolio_note_length check (length(portfolio_note) between 1 and 1000),
    constraint appointment_correction_reason_length check (length(correction_reason) between 1 and 1000)
);
comment on table anze.appointment is '任职: who holds which post of which unit from when to when, by which document';
comment on column anze.appointment.portfolio is '分管行业领域: the sectors in the holder''s portfolio';
comment on column anze.appointment.correction_reason is 'why it was last corrected; what it was before is in the audit';
comment on column anze.appointment.region_code is 'with sector and is_body: those of the unit';
comment on constraint appointment_pkey on anze.appointment is
    '该任职已存在。 | This appointment exists already. | /id';
comment on constraint appointment_person_fkey on anze.appointment is
    '人员不存在。 | The person does not exist. | /person_id';
comment on constraint appointment_unit_fkey on anze.appointment is
    '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint appointment_post_fkey on anze.appointment is '职务不存在。 | The post does not exist. | /post';
comment on constraint appointment_held on anze.appointment is
    '任职期间无效。 | The post is held from a day to a later one. | /held_until';
comment on constraint appointment_once on anze.appointment is
    '该人员在此期间已任该职务。 | The person holds this post in that time already. | /held_from';
comment on constraint appointment_document_length on anze.appointment is
    '文号应为 1 至 100 个字。 | A document number has 1 to 100 characters. | /document_number';
comment on constraint appointment_ending_document_length on anze.appointment is
    '文号应为 1 至 100 个字。 | A document number has 1 to 100 characters. | /document_number';
comment on constraint appointment_portfolio_note_length on anze.appointment is
    '说明应为 1 至 1000 个字。 | A note has 1 to 1000 characters. | /portfolio_note';
comment on constraint appointment_correction_reason_length on anze.appointment is
    '更正理由应为 1 至 1000 个字。 | A reason has 1 to 1000 characters. | /reason';
create index appointment_post on anze.appointment (post, begins_on desc, id desc);
create index appointment_unit_post on anze.appointment (unit_id, post, begins_on desc, id desc);
create index appointment_person on anze.appointment (person_id, begins_on desc, id desc);
create index appointment_province on anze.appointment (province, begins_on desc, id desc);
create index appointment_city on anze.appointment (city, begins_on desc, id desc);
create index appointment_county on anze.appointment (county, begins_on desc, id desc);
create index appointment_town on anze.appointment (town, begins_on desc, id desc);
create index appointment_unit on anze.appointment (unit_id, begins_on desc, id desc);
alter table anze.appointment enable row level security;
alter table anze.appointment force row level security;
create policy appointment_seen on anze.appointment for select to anze_service
    using (anze.can_see_unit(region_code, sector, unit_id, is_body));
create policy appointment_owner on anze.appointment to current_user using (true);
-- Who holds a post of a unit is seen with it, whoever keeps the file.
create policy person_seen on anze.person for select to anze_service
    using (anze.can_see_unit(region_code, sector, unit_id, is_body)
           or anze.sees_post_of(id));
grant select on anze.appointment to anze_service;

-- Rules of structure ----------------------------------------------------------------------------------------------

-- Each row is one rule, of one of a few kinds of check (sql/functions/structure.sql). Figures are rules (anze.rule).
create table anze.structural_rule (
    code text collate "C" not null,
    clause text not null,
    title_zh text not null,
    title_en text not null,
    unit_kinds text[] not null,
    levels text[],
    sectors text[],
    site_kinds text[],
    high_risk_only boolean not null default false,
    supervision_role text,
    check_kind text not null,
    posts text[] not null default '{}',
    other_posts text[] not null default '{}',
    other_supervision_role text,
    qualifications text[] not null default '{}',
    all_qualifications boolean not null default false,
    record_kinds text[] not null default '{}',
    must_be_published boolean not null default false,
    minimum_rule text collate "C",
    maximum_rule text collate "C",
    instrument text not null,
    article text,
    confidence text not null,
    in_force daterange not null default '[2022-01-01,)',
    constraint structural_rule_pkey primary key (code),
    constraint structural_rule_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred,
    constraint structural_rule_check_kind check (check_kind in (
        'holders', 'also_holds', 'portfolios', 'qualified_leaders', 'qualified_share', 'full_time', 'sections',
        'standing_record'))
);
comment on table anze.structural_rule is
    '结构规则: what the structure of a unit must be; what breaks a rule is a finding';
comment on column anze.structural_rule.other_posts is 'what the holders of posts must hold besides (also_holds, full_time)';
comment on column anze.structural_rule.other_supervision_role is
    'the supervision role of the unit of the other post; NULL: any';
comment on column anze.structural_rule.all_qualifications is 'true: each of the qualifications; false: one of them';
comment on column anze.structural_rule.minimum_rule is 'the rule whose value is the least number, or percentage';
comment on constraint structural_rule_pkey on anze.structural_rule is
    '该结构规则已存在。 | This structural rule exists already. | /code';
comment on constraint structural_rule_instrument_fkey on anze.structural_rule is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint structural_rule_check_kind on anze.structural_rule is
    '检查方式不在代码表内。 | The kind of check is not in the code set. | /check_kind';
grant select on anze.structural_rule to anze_service;

create table anze.structural_finding (
    id uuid not null default gen_random_uuid(),
    unit_id uuid not null,
    rule text collate "C" not null,
    since date not null,
    found_at timestamptz not null default clock_timestamp(),
    ended_on date,
    detail jsonb not null default '{}',
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint structural_finding_pkey primary key (id),
    constraint structural_finding_unit_fkey foreign key (unit_id) references anze.unit,
    constraint structural_finding_rule_fkey foreign key (rule) references anze.structural_rule
);
comment on table anze.structural_finding is '结构问题: which unit breaks which rule of structure, since when';
comment on column anze.structural_finding.since is 'the first day on which the rule is broken';
comment on column anze.structural_finding.ended_on is 'the first day on which it is not broken any more';
comment on constraint structural_finding_pkey on anze.structural_finding is
    '该问题已存在。 | This finding exists already. | /id';
comment on constraint structural_finding_unit_fkey on anze.structural_finding is
    '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint structural_finding_rule_fkey on anze.structural_finding is
    '结构规则不存在。 | The structural rule does not exist. | /rule';
create unique index structural_finding_open on anze.structural_finding (unit_id, rule) where ended_on is null;
create index structural_finding_province on anze.structural_finding (province, since desc, id desc);
create index structural_finding_city on anze.structural_finding (city, since desc, id desc);
create index structural_finding_county on anze.structural_finding (county, since desc, id desc);
create index structural_finding_town on anze.structural_finding (town, since desc, id desc);
create index structural_finding_unit on anze.structural_finding (unit_id, since desc, id desc);
alter table anze.structural_finding enable row level security;
alter table anze.structural_finding force row level security;
create policy structural_finding_seen on anze.structural_finding for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy structural_finding_owner on anze.structural_finding to current_user using (true);
grant select on anze.structural_finding to anze_service;
