-- Hazards 隐患: what was found where, what makes it major, what was fixed to put it right.
--
-- hazard            one row each, by month of finding; how it is handled is its case (kind `hazard`)
-- hazard_criterion  what makes a hazard major, or general, by the instruments in force on the day it was found
-- hazard_judgement  who judged it against which criterion, append-only
-- hazard_merger     which hazard was taken for the same as another, by whom, and undone by whom

-- An id begins with the moment of finding (UUID version 7), to the millisecond: whoever has the id knows the partition.
create function anze.hazard_found_at(id uuid) returns timestamptz immutable parallel safe strict language sql
return to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0::double precision);

create function anze.hazard_id(found_at timestamptz) returns uuid volatile strict language sql
return (lpad(to_hex(round(extract(epoch from found_at) * 1000)::bigint), 12, '0') || '7'
        || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;

create table anze.hazard_criterion (
    code text collate "C" not null,
    version integer not null,
    in_force daterange not null,
    severity text not null,
    sectors text[],
    title_zh text not null,
    title_en text not null,
    instrument text not null,
    article text not null,
    confidence text not null,
    at_once boolean not null default false,
    constraint hazard_criterion_pkey primary key (code, version),
    constraint hazard_criterion_one_version_at_a_time exclude using gist (code with =, in_force with &&),
    constraint hazard_criterion_code_form check (code ~ '^[A-Z][A-Z0-9]*(\.[A-Z0-9]+)+$'),
    constraint hazard_criterion_severity check (severity in ('general', 'major')),
    constraint hazard_criterion_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred,
    constraint hazard_criterion_confidence check (
        confidence in ('found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low'))
);
comment on table anze.hazard_criterion is '隐患判定标准: what makes a hazard major, by instrument and days in force';
comment on column anze.hazard_criterion.sectors is 'the sectors that it is for; NULL: every sector';
comment on column anze.hazard_criterion.at_once is 'to be put right at once 当场改正: blocked exits of crowded places';
comment on constraint hazard_criterion_pkey on anze.hazard_criterion is
    '该判定标准版本已存在。 | This version of the criterion exists already. | /code';
comment on constraint hazard_criterion_one_version_at_a_time on anze.hazard_criterion is
    '同一判定标准的施行期间不能重叠。 | The versions of a criterion do not overlap. | /in_force_from';
comment on constraint hazard_criterion_code_form on anze.hazard_criterion is
    '判定标准代码格式不正确。 | The code has the wrong form. | /code';
comment on constraint hazard_criterion_severity on anze.hazard_criterion is
    '隐患等级应为一般或重大。 | The severity is general or major. | /severity';
comment on constraint hazard_criterion_instrument_fkey on anze.hazard_criterion is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint hazard_criterion_confidence on anze.hazard_criterion is
    '可信程度不在代码表内。 | The confidence is not in the code set. | /confidence';
create index hazard_criterion_instrument on anze.hazard_criterion (instrument, code, version);
grant select on anze.hazard_criterion to anze_service;

create table anze.hazard (
    id uuid not null,
    found_at timestamptz not null,
    case_id uuid not null,
    version integer not null default 1,
    unit_id uuid not null,
    description text not null,
    place text not null,
    lon numeric(9, 6),
    lat numeric(8, 6),
    crs text,
    source text not null,
    found_by text,
    category text not null,
    criterion text collate "C",
    criterion_version integer,
    severity text,
    judged_at timestamptz,
    imminent_danger boolean not null default false,
    responsible text,
    measures text,
    budget_cny numeric(14, 2),
    due_on date,
    emergency_plan text,
    congress_told_on date,
    department_told_at timestamptz,
    record_id uuid,
    finding_number smallint,
    evidence jsonb not null default '[]',
    merged_into uuid,
    recurrence_of uuid,
    recurrences smallint not null default 0,
    state text not null,
    is_open boolean not null default true,
    due_at timestamptz not null default 'infinity',
    closed_at timestamptz,
    recorded_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint hazard_pkey primary key (id, found_at),
    constraint hazard_found_in_id check (found_at = anze.hazard_found_at(id) and isfinite(found_at)),
    constraint hazard_case_fkey foreign key (case_id) references anze.case_file,
    constraint hazard_unit_fkey foreign key (unit_id) references anze.unit,
    constraint hazard_criterion_fkey foreign key (criterion, criterion_version) references anze.hazard_criterion,
    constraint hazard_finding_fkey foreign key (record_id, finding_number) references anze.follow_up,
    constraint hazard_source check (source in (
        'own_check', 'inspection', 'tip', 'accident', 'other_department', 'monitoring', 'record_finding')),
    constraint hazard_finding check ((source = 'record_finding') = (record_id is not null)),
    constraint hazard_category check (category in ('equipment', 'behaviour', 'environment', 'management')),
    constraint hazard_severity check (severity in ('general', 'major') and (severity is null) = (judged_at is null)),
    constraint hazard_major_by_criterion check (severity <> 'major' or criterion is not null),
    constraint hazard_point check (
        num_nonnulls(lon, lat, crs) in (0, 3) and lon between -180 and 180 and lat between -90 and 90
        and crs in ('CGCS2000', 'WGS84', 'GCJ02')),
    constraint hazard_budget check (budget_cny >= 0),
    constraint hazard_description_length check (length(description) between 1 and 2000),
    constraint hazard_place_length check (length(place) between 1 and 200),
    constraint hazard_not_merged_into_itself check (merged_into <> id)
) partition by range (found_at);
comment on table anze.hazard is '隐患: one hazard of one unit, by month of finding (Asia/Shanghai)';
comment on column anze.hazard.version is 'that of its case: every change of a hazard is a step of its case';
comment on column anze.hazard.source is
    'own_check 自查, inspection 检查, tip 举报, accident 事故, other_department 其他部门移送, monitoring 监测预警, '
    'record_finding 带队检查发现';
comment on column anze.hazard.category is
    'equipment 物的危险状态, behaviour 人的不安全行为, environment 环境因素, management 管理上的缺陷';
comment on column anze.hazard.severity is 'general or major; NULL until it is judged';
comment on column anze.hazard.responsible is 'of the five things 五落实: 责任; with measures 措施, budget_cny 资金, due_on 时限, '
    'emergency_plan 预案';
comment on column anze.hazard.merged_into is 'the hazard that this one is the same as (hazard_merger); kept as it was';
comment on column anze.hazard.recurrence_of is 'the last hazard of the same unit and criterion within a year';
comment on column anze.hazard.recurrences is 'how often the same was found at this unit within the year before';
comment on column anze.hazard.due_at is 'the earliest running deadline of its case, kept here for lists, as are state and is_open';
comment on constraint hazard_pkey on anze.hazard is '该隐患已存在。 | This hazard exists already. | /id';
comment on constraint hazard_found_in_id on anze.hazard is
    '隐患标识与发现时间不一致。 | The id does not begin with the moment of finding. | /found_at';
comment on constraint hazard_case_fkey on anze.hazard is '案件不存在。 | The case does not exist. | ';
comment on constraint hazard_unit_fkey on anze.hazard is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint hazard_criterion_fkey on anze.hazard is
    '判定标准不存在。 | The criterion does not exist. | /criterion';
comment on constraint hazard_finding_fkey on anze.hazard is
    '检查发现的问题不存在。 | The finding does not exist. | /finding';
comment on constraint hazard_source on anze.hazard is '隐患来源不在代码表内。 | The source is not in the code set. | /source';
comment on constraint hazard_finding on anze.hazard is
    '来源为履职记录发现问题的，应指明该问题。 | A finding of a record is named. | /finding';
comment on constraint hazard_category on anze.hazard is
    '隐患类别不在代码表内。 | The category is not in the code set. | /category';
comment on constraint hazard_severity on anze.hazard is
    '隐患等级应为一般或重大。 | The severity is general or major. | /severity';
comment on constraint hazard_major_by_criterion on anze.hazard is
    '重大隐患应有判定标准。 | A major hazard is one by a criterion. | /criterion';
comment on constraint hazard_point on anze.hazard is
    '经度、纬度和坐标系应同时给出。 | Longitude, latitude and their system go together. | /lon';
comment on constraint hazard_budget on anze.hazard is '资金不能为负。 | The budget is not negative. | /budget_cny';
comment on constraint hazard_description_length on anze.hazard is
    '隐患描述应为 1 至 2000 个字。 | A description has 1 to 2000 characters. | /description';
comment on constraint hazard_place_length on anze.hazard is
    '部位应为 1 至 200 个字。 | A place has 1 to 200 characters. | /place';
comment on constraint hazard_not_merged_into_itself on anze.hazard is
    '隐患不能与自身合并。 | A hazard is not merged into itself. | /into_id';
-- Every list under every scope; what is open in indexes of its own, which stay small however many years there are.
create index hazard_province on anze.hazard (province, found_at desc, id desc);
create index hazard_city on anze.hazard (city, found_at desc, id desc);
create index hazard_county on anze.hazard (county, found_at desc, id desc);
create index hazard_town on anze.hazard (town, found_at desc, id desc);
create index hazard_unit on anze.hazard (unit_id, found_at desc, id desc);
create index hazard_province_open on anze.hazard (province, found_at desc, id desc) where is_open;
create index hazard_city_open on anze.hazard (city, found_at desc, id desc) where is_open;
create index hazard_county_open on anze.hazard (county, found_at desc, id desc) where is_open;
create index hazard_town_open on anze.hazard (town, found_at desc, id desc) where is_open;
create index hazard_unit_open on anze.hazard (unit_id, found_at desc, id desc) where is_open;
create index hazard_recurrence on anze.hazard (unit_id, criterion, found_at) where criterion is not null;
alter table anze.hazard enable row level security;
alter table anze.hazard force row level security;
create policy hazard_seen on anze.hazard for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy hazard_owner on anze.hazard to current_user using (true);
grant select on anze.hazard to anze_service;

-- What hangs on a hazard names it by id; the day of finding, which the reference needs, is in the id.
-- Declared here so that policies can name it; its body is in sql/functions/hazard.sql.
create function anze.sees_hazard(hazard_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;

create table anze.hazard_judgement (
    hazard_id uuid not null,
    found_at timestamptz not null generated always as (anze.hazard_found_at(hazard_id)) stored,
    number smallint not null,
    severity text not null,
    criterion text collate "C",
    criterion_version integer,
    basis text,
    imminent_danger boolean not null,
    judged_at timestamptz not null default clock_timestamp(),
    unit_id uuid default anze.unit(),
    level smallint not null,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint hazard_judgement_pkey primary key (hazard_id, number),
    constraint hazard_judgement_hazard_fkey foreign key (hazard_id, found_at) references anze.hazard,
    constraint hazard_judgement_criterion_fkey foreign key (criterion, criterion_version) references anze.hazard_criterion,
    constraint hazard_judgement_level_fkey foreign key (level) references anze.accident_level,
    constraint hazard_judgement_severity check (severity in ('general', 'major')),
    constraint hazard_judgement_by_criterion check (severity = 'general' or criterion is not null)
);
comment on table anze.hazard_judgement is '隐患判定记录: who judged it, when, against which criterion; append-only';
comment on constraint hazard_judgement_pkey on anze.hazard_judgement is '该判定已存在。 | This judgement exists already. | ';
comment on constraint hazard_judgement_hazard_fkey on anze.hazard_judgement is
    '隐患不存在。 | The hazard does not exist. | ';
comment on constraint hazard_judgement_criterion_fkey on anze.hazard_judgement is
    '判定标准不存在。 | The criterion does not exist. | /criterion';
comment on constraint hazard_judgement_level_fkey on anze.hazard_judgement is '层级不存在。 | The level does not exist. | ';
comment on constraint hazard_judgement_severity on anze.hazard_judgement is
    '隐患等级应为一般或重大。 | The severity is general or major. | /severity';
comment on constraint hazard_judgement_by_criterion on anze.hazard_judgement is
    '判定为重大隐患应有判定标准。 | What makes a hazard major is a criterion. | /criterion';
alter table anze.hazard_judgement enable row level security;
alter table anze.hazard_judgement force row level security;
create policy hazard_judgement_seen on anze.hazard_judgement for select to anze_service using (anze.sees_hazard(hazard_id));
create policy hazard_judgement_owner on anze.hazard_judgement to current_user using (true);
grant select on anze.hazard_judgement to anze_service;

create table anze.hazard_merger (
    hazard_id uuid not null,
    found_at timestamptz not null generated always as (anze.hazard_found_at(hazard_id)) stored,
    number smallint not null,
    into_id uuid not null,
    into_found_at timestamptz not null generated always as (anze.hazard_found_at(into_id)) stored,
    reason text not null,
    from_state text not null,
    merged_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    undone_at timestamptz,
    undone_by text,
    undo_reason text,
    constraint hazard_merger_pkey primary key (hazard_id, number),
    constraint hazard_merger_hazard_fkey foreign key (hazard_id, found_at) references anze.hazard,
    constraint hazard_merger_into_fkey foreign key (into_id, into_found_at) references anze.hazard,
    constraint hazard_merger_undone check (num_nonnulls(undone_at, undone_by, undo_reason) in (0, 3)),
    constraint hazard_merger_reason_length check (length(reason) between 1 and 2000 and length(undo_reason) between 1 and 2000)
);
comment on table anze.hazard_merger is '隐患合并: taken for the same as another, and undone where that was wrong';
comment on column anze.hazard_merger.from_state is 'where its case stood, and goes on when the merger is undone';
comment on constraint hazard_merger_pkey on anze.hazard_merger is '该合并已存在。 | This merger exists already. | ';
comment on constraint hazard_merger_hazard_fkey on anze.hazard_merger is '隐患不存在。 | The hazard does not exist. | ';
comment on constraint hazard_merger_into_fkey on anze.hazard_merger is
    '隐患不存在。 | The hazard does not exist. | /into_id';
comment on constraint hazard_merger_undone on anze.hazard_merger is
    '撤销合并应注明理由。 | Undoing a merger gives its reason. | /reason';
comment on constraint hazard_merger_reason_length on anze.hazard_merger is
    '理由应为 1 至 2000 个字。 | A reason has 1 to 2000 characters. | /reason';
create unique index hazard_merger_one_running on anze.hazard_merger (hazard_id) where undone_at is null;
create index hazard_merger_into on anze.hazard_merger (into_id) where undone_at is null;
alter table anze.hazard_merger enable row level security;
alter table anze.hazard_merger force row level security;
create policy hazard_merger_seen on anze.hazard_merger for select to anze_service using (anze.sees_hazard(hazard_id));
create policy hazard_merger_owner on anze.hazard_merger to current_user using (true);
grant select on anze.hazard_merger to anze_service;

-- A finding that became a hazard says which.
alter table anze.follow_up add column hazard_id uuid;
comment on column anze.follow_up.hazard_id is 'the hazard that this finding became';

-- Lights take hazards into account.
alter table anze.light_rule drop constraint light_rule_measure;
alter table anze.light_rule add constraint light_rule_measure check (measure in (
    'missed', 'missed_twice', 'overdue', 'escalated', 'unacknowledged_days', 'findings_first_responsible', 'findings',
    'hazards_major_open', 'hazards_late', 'hazards_repeated',
    'red_units_percent', 'yellow_units_percent', 'red_regions_percent'));
comment on constraint light_rule_measure on anze.light_rule is
    '指标不在代码表内。 | The measure is not in the code set. | /measure';

-- Units whose lights something has changed, noted by who must not wait for them; taken up by the sweeper.
create table anze.light_note (
    id bigint not null generated always as identity,
    unit_id uuid not null,
    constraint light_note_pkey primary key (id)
);
comment on table anze.light_note is '待评判亮灯的单位: units whose light is to be judged again';
comment on constraint light_note_pkey on anze.light_note is '该记录已存在。 | This note exists already. | ';
alter table anze.light_note enable row level security;
alter table anze.light_note force row level security;
create policy light_note_owner on anze.light_note to current_user using (true);
