-- The case engine: kinds of case as rows, cases that move by them, and the deadlines that they run against.
--
-- case_kind, case_state, case_clock, case_action   the rules of a kind, by version; an administrator reads them, a test
--                                                  walks them
-- case_file                                        one case, under the version of its kind that it began with
-- case_event                                       its timeline, append-only
-- deadline                                         every clock of every case, one row each

-- The rules of a kind ------------------------------------------------------------------------------------------------

create table anze.case_kind (
    code text not null,
    version integer not null,
    in_force daterange not null,
    title_zh text not null,
    title_en text not null,
    initial_state text not null,
    instrument text not null,
    article text,
    confidence text not null,
    constraint case_kind_pkey primary key (code, version),
    constraint case_kind_one_version_at_a_time exclude using gist (code with =, in_force with &&),
    constraint case_kind_code_form check (code ~ '^[a-z][a-z_]{1,40}$'),
    constraint case_kind_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred
);
comment on table anze.case_kind is '案件类型: a kind of case, by version; a new case follows the version in force';
comment on constraint case_kind_pkey on anze.case_kind is '该案件类型版本已存在。 | This version exists already. | /code';
comment on constraint case_kind_one_version_at_a_time on anze.case_kind is
    '同一案件类型的施行期间不能重叠。 | The versions of a kind do not overlap. | /in_force_from';
comment on constraint case_kind_code_form on anze.case_kind is '类型代码格式不正确。 | The code has the wrong form. | /code';
comment on constraint case_kind_instrument_fkey on anze.case_kind is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
grant select on anze.case_kind to anze_service;

create table anze.case_state (
    kind text not null,
    version integer not null,
    code text not null,
    title_zh text not null,
    title_en text not null,
    is_final boolean not null default false,
    is_public boolean not null default false,
    place smallint not null,
    constraint case_state_pkey primary key (kind, version, code),
    constraint case_state_kind_fkey foreign key (kind, version) references anze.case_kind deferrable initially deferred
);
comment on table anze.case_state is '案件状态';
comment on column anze.case_state.is_public is 'a case in this state is published, where its content may be';
comment on constraint case_state_pkey on anze.case_state is '该状态已存在。 | This state exists already. | /code';
comment on constraint case_state_kind_fkey on anze.case_state is '案件类型不存在。 | The kind does not exist. | /kind';
grant select on anze.case_state to anze_service;

-- A clock runs while a case is in one of its states (states), or from an action until another (starts, stops of
-- case_action). Its length is a rule, or the day that a field of the case names.
create table anze.case_clock (
    kind text not null,
    version integer not null,
    code text not null,
    title_zh text not null,
    title_en text not null,
    states text[] not null default '{}',
    rule text collate "C",
    due_field text,
    is_working_days boolean not null default false,
    watched_by text not null,
    constraint case_clock_pkey primary key (kind, version, code),
    constraint case_clock_kind_fkey foreign key (kind, version) references anze.case_kind deferrable initially deferred,
    constraint case_clock_length check ((rule is null) <> (due_field is null)),
    constraint case_clock_watched_by check (watched_by in ('unit', 'supervisor'))
);
comment on table anze.case_clock is '案件时限: how long a state may last, or something may take';
comment on column anze.case_clock.rule is 'the rule whose value and unit (hour, day, workday, month) is its length';
comment on column anze.case_clock.due_field is 'the field of the case that names the day by which it is due';
comment on column anze.case_clock.watched_by is 'who owes it: the unit of the case, or the body that supervises it';
comment on constraint case_clock_pkey on anze.case_clock is '该时限已存在。 | This clock exists already. | /code';
comment on constraint case_clock_kind_fkey on anze.case_clock is '案件类型不存在。 | The kind does not exist. | /kind';
comment on constraint case_clock_length on anze.case_clock is
    '时限应由规则或字段之一确定。 | A clock has a rule or a field, not both. | /rule';
comment on constraint case_clock_watched_by on anze.case_clock is
    '责任方不在代码表内。 | Who owes it is not in the code set. | /watched_by';
grant select on anze.case_clock to anze_service;

create table anze.case_action (
    kind text not null,
    version integer not null,
    code text not null,
    title_zh text not null,
    title_en text not null,
    from_states text[] not null,
    to_state text,
    scope text not null,
    takers text[] not null,
    minimum_level smallint not null default 0,
    posts text[] not null default '{}',
    other_than text[] not null default '{}',
    fields jsonb not null default '[]',
    evidence text[] not null default '{}',
    starts text[] not null default '{}',
    stops text[] not null default '{}',
    effects text[] not null default '{}',
    place smallint not null,
    constraint case_action_pkey primary key (kind, version, code),
    constraint case_action_kind_fkey foreign key (kind, version) references anze.case_kind deferrable initially deferred,
    constraint case_action_takers check (
        takers <> '{}' and takers <@ array['unit', 'supervisor', 'office', 'upper', 'anyone', 'system'])
);
comment on table anze.case_action is '案件动作: what may be done in which state, by whom, and what it needs';
comment on column anze.case_action.to_state is 'NULL: the state stays';
comment on column anze.case_action.scope is 'the scope that the caller''s token needs';
comment on column anze.case_action.takers is
    'unit: who acts for the unit of the case; supervisor: the body that supervises it, or its level; office: a safety '
    'office of the case''s level; upper: a higher level than the case''s; anyone in reach; system: effects and time alone';
comment on column anze.case_action.minimum_level is 'least rank of the caller''s level (anze.accident_level): 0 unit … 4 province';
comment on column anze.case_action.posts is 'the person named by the field person_id holds one of these posts in the caller''s unit';
comment on column anze.case_action.other_than is
    'not by the person who took one of these actions last; "unit:<action>": nor by the unit that person acted for';
comment on column anze.case_action.fields is
    '[{"name", "type": text|line|date|instant|integer|money|boolean|unit|person|choice, "required", "choices", "keep", '
    '"title_zh", "title_en"}]; keep: it becomes a fact of the case';
comment on column anze.case_action.evidence is 'kinds of evidence that must come with it';
comment on column anze.case_action.effects is 'functions anze.case_effect_<name>(case, event) that run with it';
comment on constraint case_action_pkey on anze.case_action is '该动作已存在。 | This action exists already. | /code';
comment on constraint case_action_kind_fkey on anze.case_action is '案件类型不存在。 | The kind does not exist. | /kind';
comment on constraint case_action_takers on anze.case_action is
    '执行人不在代码表内。 | Who may take it is not in the code set. | /takers';
grant select on anze.case_action to anze_service;

-- Days that are worked on although they are weekend days, and days off (国务院办公厅 announces them each year).
create table anze.working_day (
    day date not null,
    is_working boolean not null,
    title_zh text not null,
    title_en text not null,
    instrument text not null,
    confidence text not null,
    constraint working_day_pkey primary key (day),
    constraint working_day_finite check (isfinite(day)),
    constraint working_day_confidence check (confidence in (
        'found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low'))
);
comment on table anze.working_day is '节假日与调休: days that are not what their weekday says';
comment on constraint working_day_pkey on anze.working_day is '该日已登记。 | This day is listed already. | /day';
comment on constraint working_day_finite on anze.working_day is '日期无效。 | The day is not a day. | /day';
comment on constraint working_day_confidence on anze.working_day is
    '可信度不在代码表内。 | The confidence is not in the code set. | /confidence';
grant select on anze.working_day to anze_service;

-- Cases --------------------------------------------------------------------------------------------------------------

create table anze.case_file (
    id uuid not null default gen_random_uuid(),
    kind text not null,
    kind_version integer not null,
    state text not null,
    state_since timestamptz not null default clock_timestamp(),
    is_open boolean not null default true,
    is_public boolean not null default false,
    level smallint not null,
    unit_id uuid not null,
    supervisor_id uuid,
    parent_id uuid,
    title text not null,
    facts jsonb not null default '{}',
    due_at timestamptz not null default 'infinity',
    event_count integer not null default 0,
    version integer not null default 1,
    opened_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint case_file_pkey primary key (id),
    constraint case_file_state_fkey foreign key (kind, kind_version, state) references anze.case_state,
    constraint case_file_unit_fkey foreign key (unit_id) references anze.unit,
    constraint case_file_supervisor_fkey foreign key (supervisor_id) references anze.unit,
    constraint case_file_parent_fkey foreign key (parent_id) references anze.case_file,
    constraint case_file_level_fkey foreign key (level) references anze.accident_level,
    constraint case_file_title_length check (length(title) between 1 and 200)
);
comment on table anze.case_file is '案件: one matter that is handled step by step until it is truly settled';
comment on column anze.case_file.level is 'the level of government that handles it (accident_level.rank)';
comment on column anze.case_file.unit_id is 'the unit that it is about, which must put things right';
comment on column anze.case_file.supervisor_id is 'the body that supervises it';
comment on column anze.case_file.facts is 'what actions have set (fields with keep)';
comment on column anze.case_file.due_at is 'its earliest running deadline';
comment on constraint case_file_pkey on anze.case_file is '该案件已存在。 | This case exists already. | /id';
comment on constraint case_file_state_fkey on anze.case_file is '案件状态不存在。 | The state does not exist. | /state';
comment on constraint case_file_unit_fkey on anze.case_file is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint case_file_supervisor_fkey on anze.case_file is
    '督办单位不存在。 | The supervising body does not exist. | /supervisor_id';
comment on constraint case_file_parent_fkey on anze.case_file is
    '上级案件不存在。 | The case that it belongs to does not exist. | /parent_id';
comment on constraint case_file_level_fkey on anze.case_file is '层级不存在。 | The level does not exist. | /level';
comment on constraint case_file_title_length on anze.case_file is
    '标题应为 1 至 200 个字。 | A title has 1 to 200 characters. | /title';
create index case_file_province on anze.case_file (province, opened_at desc, id desc);
create index case_file_city on anze.case_file (city, opened_at desc, id desc);
create index case_file_county on anze.case_file (county, opened_at desc, id desc);
create index case_file_town on anze.case_file (town, opened_at desc, id desc);
create index case_file_unit on anze.case_file (unit_id, opened_at desc, id desc);
create index case_file_supervisor on anze.case_file (supervisor_id, opened_at desc, id desc) where supervisor_id is not null;
create index case_file_parent on anze.case_file (parent_id) where parent_id is not null;
alter table anze.case_file enable row level security;
alter table anze.case_file force row level security;
create policy case_file_seen on anze.case_file for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id) or anze.can_see_of_unit(region_code, sector, supervisor_id));
create policy case_file_owner on anze.case_file to current_user using (true);
grant select on anze.case_file to anze_service;

create table anze.case_event (
    case_id uuid not null,
    number integer not null,
    action text not null,
    from_state text,
    to_state text not null,
    at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    unit_id uuid default anze.unit(),
    level smallint not null,
    content jsonb not null default '{}',
    evidence jsonb not null default '[]',
    constraint case_event_pkey primary key (case_id, number),
    constraint case_event_case_fkey foreign key (case_id) references anze.case_file,
    constraint case_event_number check (number > 0)
);
comment on table anze.case_event is '案件时间线: each action taken, append-only';
comment on constraint case_event_pkey on anze.case_event is '该环节已存在。 | This event exists already. | ';
comment on constraint case_event_case_fkey on anze.case_event is '案件不存在。 | The case does not exist. | ';
comment on constraint case_event_number on anze.case_event is '序号无效。 | Events are numbered from 1. | ';
alter table anze.case_event enable row level security;
alter table anze.case_event force row level security;

-- Declared here so that policies can name it; its body is in sql/functions/access.sql.
create function anze.sees_case(case_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
create policy case_event_seen on anze.case_event for select to anze_service using (anze.sees_case(case_id));
create policy case_event_owner on anze.case_event to current_user using (true);
grant select on anze.case_event to anze_service;

create table anze.deadline (
    id uuid not null default gen_random_uuid(),
    case_id uuid not null,
    clock text not null,
    title_zh text not null,
    title_en text not null,
    starts_at timestamptz not null,
    due_at timestamptz not null,
    rule text collate "C",
    rule_version integer,
    met_at timestamptz,
    superseded_at timestamptz,
    is_running boolean not null generated always as (met_at is null and superseded_at is null) stored,
    owed_by uuid not null,
    next_notice_at timestamptz not null default 'infinity',
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint deadline_pkey primary key (id),
    constraint deadline_case_fkey foreign key (case_id) references anze.case_file,
    constraint deadline_owed_by_fkey foreign key (owed_by) references anze.unit,
    constraint deadline_order check (due_at > starts_at and isfinite(starts_at))
);
comment on table anze.deadline is '时限: every clock of every case, planned once, then only met or superseded';
comment on constraint deadline_pkey on anze.deadline is '该时限已存在。 | This deadline exists already. | ';
comment on constraint deadline_case_fkey on anze.deadline is '案件不存在。 | The case does not exist. | ';
comment on constraint deadline_owed_by_fkey on anze.deadline is '单位不存在。 | The unit does not exist. | ';
comment on constraint deadline_order on anze.deadline is '到期应晚于起算。 | It is due after it starts. | /due_on';
create unique index deadline_one_running on anze.deadline (case_id, clock) where met_at is null and superseded_at is null;
create index deadline_province_running on anze.deadline (province, due_at, id) where is_running;
create index deadline_city_running on anze.deadline (city, due_at, id) where is_running;
create index deadline_county_running on anze.deadline (county, due_at, id) where is_running;
create index deadline_town_running on anze.deadline (town, due_at, id) where is_running;
create index deadline_owed_by on anze.deadline (owed_by, due_at, id) where is_running;
create index deadline_case on anze.deadline (case_id, due_at);
create index deadline_notice on anze.deadline (next_notice_at) where is_running and next_notice_at < 'infinity';
alter table anze.deadline enable row level security;
alter table anze.deadline force row level security;
create policy deadline_seen on anze.deadline for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, owed_by) or anze.sees_case(case_id));
create policy deadline_owner on anze.deadline to current_user using (true);
grant select on anze.deadline to anze_service;

-- Accident clocks among the deadlines ----------------------------------------------------------------------------------

-- A clock of an accident carries what its accident is seen by, so that deadlines are listed in index order; a trigger
-- keeps it (sql/functions/deadline_list.sql). Its uuid names it among deadlines of all kinds.
alter table anze.accident_clock
    add column reference uuid not null default gen_random_uuid(),
    add column region_code text collate "C",
    add column sector text,
    add column unit_id uuid,
    add column province text collate "C" generated always as (anze.province_of(region_code)) stored,
    add column city text collate "C" generated always as (anze.city_of(region_code)) stored,
    add column county text collate "C" generated always as (anze.county_of(region_code)) stored,
    add column town text collate "C" generated always as (anze.town_of(region_code)) stored,
    add column is_running boolean not null generated always as (
        met_at is null and superseded_at is null and kind <> 'window') stored;
comment on column anze.accident_clock.is_running is 'something is owed by due_at';
do $$
begin
    perform set_config('anze.reach', 'service', true);
    update anze.accident_clock c set region_code = a.region_code, sector = a.sector, unit_id = a.unit_id
    from anze.accident a where a.id = c.accident_id;
    perform set_config('anze.reach', '', true);
end
$$;
alter table anze.accident_clock alter column region_code set not null;
alter table anze.accident_clock add constraint accident_clock_reference_key unique (reference);
comment on constraint accident_clock_reference_key on anze.accident_clock is
    '该时限已存在。 | This clock exists already. | ';
alter table anze.accident_clock alter column province set not null;
drop policy accident_clock_seen on anze.accident_clock;
create policy accident_clock_seen on anze.accident_clock using (anze.can_see(region_code, sector, unit_id));
create index accident_clock_province_running on anze.accident_clock (province, due_at, reference) where is_running;
create index accident_clock_city_running on anze.accident_clock (city, due_at, reference) where is_running;
create index accident_clock_county_running on anze.accident_clock (county, due_at, reference) where is_running;
create index accident_clock_town_running on anze.accident_clock (town, due_at, reference) where is_running;
create index accident_clock_unit_running on anze.accident_clock (unit_id, due_at, reference) where is_running;
