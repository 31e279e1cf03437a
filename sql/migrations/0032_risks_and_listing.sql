-- The risk register 风险分级管控, major hazard sources 重大危险源.
--
-- risk_colour, risk_factor   the four colours and the values that the two methods take
-- risk_point                 a point of a unit where something may go wrong, with its place
-- risk_assessment            how its risk was judged, each time anew; append-only, the last one counts
-- hazard_source              what is known of a site that is a major hazard source besides its unit

create table anze.risk_colour (
    code text not null,
    place smallint not null,
    title_zh text not null,
    title_en text not null,
    least_control_level text not null,
    instrument text not null,
    confidence text not null,
    constraint risk_colour_pkey primary key (code),
    constraint risk_colour_place_key unique (place),
    constraint risk_colour_control_level check (least_control_level in ('company', 'workshop', 'team', 'post')),
    constraint risk_colour_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred
);
comment on table anze.risk_colour is '风险等级: 红橙黄蓝, the worst first, and the level of a unit that must answer for its control';
comment on column anze.risk_colour.least_control_level is 'somebody of this level or a higher one answers for a measure';
comment on constraint risk_colour_pkey on anze.risk_colour is '该风险等级已存在。 | This colour exists already. | /colour';
comment on constraint risk_colour_place_key on anze.risk_colour is '次序重复。 | The place is taken. | /place';
comment on constraint risk_colour_control_level on anze.risk_colour is
    '管控层级不在代码表内。 | The control level is not in the code set. | /least_control_level';
comment on constraint risk_colour_instrument_fkey on anze.risk_colour is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
grant select on anze.risk_colour to anze_service;

create table anze.risk_factor (
    method text not null,
    factor text not null,
    value numeric not null,
    title_zh text not null,
    title_en text not null,
    constraint risk_factor_pkey primary key (method, factor, value),
    constraint risk_factor_factor check (
        method = 'lec' and factor in ('likelihood', 'exposure', 'consequence')
        or method = 'matrix' and factor in ('likelihood', 'severity'))
);
comment on table anze.risk_factor is '评估取值表: the values that a factor of a method takes, and no others';
comment on constraint risk_factor_pkey on anze.risk_factor is '该取值已存在。 | This value exists already. | /value';
comment on constraint risk_factor_factor on anze.risk_factor is
    '评估方法没有该因素。 | The method has no such factor. | /factor';
grant select on anze.risk_factor to anze_service;

-- Coordinates are kept as WGS 84 / CGCS2000, which agree within a metre: what RFC 7946 asks for. `crs` says which of
-- the two was declared. GCJ-02 and BD-09 are not taken: their offset is not ours to undo.
create table anze.risk_point (
    id uuid not null default gen_random_uuid(),
    unit_id uuid not null,
    name text not null,
    place text not null,
    activity text not null,
    lon numeric(9, 6),
    lat numeric(8, 6),
    crs text,
    ended_on date,
    end_reason text,
    colour text,
    rank smallint not null default 4,
    assessment_number integer not null default 0,
    assessed_on date,
    version integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint risk_point_pkey primary key (id),
    constraint risk_point_unit_fkey foreign key (unit_id) references anze.unit,
    constraint risk_point_region_fkey foreign key (region_code) references anze.region,
    constraint risk_point_colour_fkey foreign key (colour) references anze.risk_colour deferrable initially deferred,
    constraint risk_point_name_length check (length(name) between 1 and 100),
    constraint risk_point_place_length check (length(place) between 1 and 200),
    constraint risk_point_activity_length check (length(activity) between 1 and 200),
    constraint risk_point_lon check (lon between 73 and 136),
    constraint risk_point_lat check (lat between 3 and 54),
    constraint risk_point_crs check (crs in ('CGCS2000', 'WGS84')),
    constraint risk_point_position check ((lon is null) = (lat is null) and (lon is null) = (crs is null)),
    constraint risk_point_end check (isfinite(ended_on) and (ended_on is null) = (end_reason is null)),
    constraint risk_point_end_reason_length check (length(end_reason) between 1 and 200)
);
comment on table anze.risk_point is '风险点: where and at what work something may go wrong; its latest risk is kept beside it';
comment on column anze.risk_point.region_code is 'where it lies, which may be another place than the seat of its unit';
comment on column anze.risk_point.rank is 'place of its colour, 0 red … 3 blue; 4: not assessed yet';
comment on column anze.risk_point.ended_on is 'the first day on which it is no longer there';
comment on constraint risk_point_pkey on anze.risk_point is '该风险点已存在。 | This risk point exists already. | /id';
comment on constraint risk_point_unit_fkey on anze.risk_point is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint risk_point_region_fkey on anze.risk_point is
    '行政区划代码不存在。 | The division code does not exist. | /region_code';
comment on constraint risk_point_colour_fkey on anze.risk_point is
    '风险等级不存在。 | The colour does not exist. | /colour';
comment on constraint risk_point_name_length on anze.risk_point is
    '名称应为 1 至 100 个字。 | A name has 1 to 100 characters. | /name';
comment on constraint risk_point_place_length on anze.risk_point is
    '地点应为 1 至 200 个字。 | A place has 1 to 200 characters. | /place';
comment on constraint risk_point_activity_length on anze.risk_point is
    '作业活动应为 1 至 200 个字。 | An activity has 1 to 200 characters. | /activity';
comment on constraint risk_point_lon on anze.risk_point is
    '经度应在 73 至 136 度之间。 | The longitude lies between 73 and 136 degrees. | /lon';
comment on constraint risk_point_lat on anze.risk_point is
    '纬度应在 3 至 54 度之间。 | The latitude lies between 3 and 54 degrees. | /lat';
comment on constraint risk_point_crs on anze.risk_point is
    '坐标系应为 CGCS2000 或 WGS84。 | Coordinates are CGCS2000 or WGS84. | /crs';
comment on constraint risk_point_position on anze.risk_point is
    '经度、纬度和坐标系应同时给出或同时不给。 | Longitude, latitude and crs come together or not at all. | /crs';
comment on constraint risk_point_end on anze.risk_point is
    '撤销日期和原因应同时给出。 | The day on which it ended comes with the reason. | /ended_on';
comment on constraint risk_point_end_reason_length on anze.risk_point is
    '撤销原因应为 1 至 200 个字。 | A reason has 1 to 200 characters. | /end_reason';
create index risk_point_province on anze.risk_point (province, rank, id);
create index risk_point_city on anze.risk_point (city, rank, id);
create index risk_point_county on anze.risk_point (county, rank, id);
create index risk_point_town on anze.risk_point (town, rank, id);
create index risk_point_unit on anze.risk_point (unit_id, rank, id);
alter table anze.risk_point enable row level security;
alter table anze.risk_point force row level security;
create policy risk_point_seen on anze.risk_point for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy risk_point_owner on anze.risk_point to current_user using (true);
grant select on anze.risk_point to anze_service;

create table anze.risk_assessment (
    point_id uuid not null,
    number integer not null,
    assessed_on date not null,
    method text not null,
    likelihood numeric not null,
    exposure numeric,
    consequence numeric,
    severity numeric,
    score numeric not null generated always as (
        case method when 'lec' then likelihood * exposure * consequence else likelihood * severity end) stored,
    grade smallint,
    colour text not null,
    rule text collate "C",
    rule_version integer,
    harm text not null,
    reason text not null,
    measures jsonb not null,
    assessor text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint risk_assessment_pkey primary key (point_id, number),
    constraint risk_assessment_point_fkey foreign key (point_id) references anze.risk_point,
    constraint risk_assessment_colour_fkey foreign key (colour) references anze.risk_colour deferrable initially deferred,
    constraint risk_assessment_method check (
        method = 'lec' and exposure is not null and consequence is not null and severity is null
        or method = 'matrix' and severity is not null and exposure is null and consequence is null),
    constraint risk_assessment_day check (isfinite(assessed_on))
);
comment on table anze.risk_assessment is '风险评估: each judgement of a risk, append-only; the last one counts from its day on';
comment on column anze.risk_assessment.grade is 'LEC: 1 to 5';
comment on column anze.risk_assessment.rule is 'the boundary that the score reaches, as it was in force on that day; NULL: none';
comment on column anze.risk_assessment.measures is '[{kind, text, level, responsible}]: who answers for which control';
comment on constraint risk_assessment_pkey on anze.risk_assessment is
    '该次评估已存在。 | This assessment exists already. | ';
comment on constraint risk_assessment_point_fkey on anze.risk_assessment is
    '风险点不存在。 | The risk point does not exist. | ';
comment on constraint risk_assessment_colour_fkey on anze.risk_assessment is
    '风险等级不存在。 | The colour does not exist. | /colour';
comment on constraint risk_assessment_method on anze.risk_assessment is
    '评估因素与方法不符。 | The factors are not those of the method. | /method';
comment on constraint risk_assessment_day on anze.risk_assessment is '日期无效。 | The day is not a day. | /assessed_on';
alter table anze.risk_assessment enable row level security;
alter table anze.risk_assessment force row level security;

-- Declared here so that policies can name it; its body is in sql/functions/risk_point.sql.
create function anze.sees_risk_point(point_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
create policy risk_assessment_seen on anze.risk_assessment for select to anze_service
    using (anze.sees_risk_point(point_id));
create policy risk_assessment_owner on anze.risk_assessment to current_user using (true);
grant select on anze.risk_assessment to anze_service;

create table anze.hazard_source (
    unit_id uuid not null,
    grade smallint,
    r_value numeric(10, 3),
    substances text,
    record_number text,
    graded_on date,
    version integer not null default 2,
    updated_at timestamptz not null default clock_timestamp(),
    region_code text collate "C" not null,
    sector text,
    constraint hazard_source_pkey primary key (unit_id),
    constraint hazard_source_unit_fkey foreign key (unit_id) references anze.unit,
    constraint hazard_source_grade check (grade between 1 and 4),
    constraint hazard_source_r_value check (r_value > 0),
    constraint hazard_source_substances_length check (length(substances) between 1 and 500),
    constraint hazard_source_record_number_length check (length(record_number) between 1 and 100),
    constraint hazard_source_graded_on check (isfinite(graded_on))
);
comment on table anze.hazard_source is '重大危险源: grade and filing of a site that is one';
comment on column anze.hazard_source.grade is 'R1 (gravest) to R4';
comment on column anze.hazard_source.version is 'a source of which nothing was stated yet is at version 1';
comment on constraint hazard_source_pkey on anze.hazard_source is
    '该重大危险源已登记。 | This source is registered already. | /unit_id';
comment on constraint hazard_source_unit_fkey on anze.hazard_source is
    '场所不存在。 | The site does not exist. | /unit_id';
comment on constraint hazard_source_grade on anze.hazard_source is
    '重大危险源等级应为 R1 至 R4。 | The grade is R1 to R4. | /grade';
comment on constraint hazard_source_r_value on anze.hazard_source is 'R 值应大于 0。 | R is greater than 0. | /r_value';
comment on constraint hazard_source_substances_length on anze.hazard_source is
    '危险物质应为 1 至 500 个字。 | Substances have 1 to 500 characters. | /substances';
comment on constraint hazard_source_record_number_length on anze.hazard_source is
    '备案编号应为 1 至 100 个字。 | A filing number has 1 to 100 characters. | /record_number';
comment on constraint hazard_source_graded_on on anze.hazard_source is
    '日期无效。 | The day is not a day. | /graded_on';
alter table anze.hazard_source enable row level security;
alter table anze.hazard_source force row level security;
create policy hazard_source_seen on anze.hazard_source for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy hazard_source_owner on anze.hazard_source to current_user using (true);
grant select on anze.hazard_source to anze_service;

-- The list of sources, under every scope, by name.
create index unit_source_province on anze.unit (province, name, id) where site_kind = 'major_hazard_source';
create index unit_source_city on anze.unit (city, name, id) where site_kind = 'major_hazard_source';
create index unit_source_county on anze.unit (county, name, id) where site_kind = 'major_hazard_source';
create index unit_source_town on anze.unit (town, name, id) where site_kind = 'major_hazard_source';

-- Listed cases stand among many of other kinds: indexes of their own, for the list of each scope and for the public.
create index case_file_listed_province on anze.case_file (province, opened_at desc, id desc) where kind = 'listed_supervision';
create index case_file_listed_city on anze.case_file (city, opened_at desc, id desc) where kind = 'listed_supervision';
create index case_file_listed_county on anze.case_file (county, opened_at desc, id desc) where kind = 'listed_supervision';
create index case_file_listed_town on anze.case_file (town, opened_at desc, id desc) where kind = 'listed_supervision';
create index case_file_listed_unit on anze.case_file (unit_id, opened_at desc, id desc) where kind = 'listed_supervision';
create index case_file_listed_public on anze.case_file (opened_at desc, id desc)
    where kind = 'listed_supervision' and is_public and is_open;
