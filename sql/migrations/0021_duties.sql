-- The duty catalogue, what was done, what is owed, and what follows: obligations, excuses, notices, lights.
--
-- duty         a row per duty and version: who must do what, how often, by which clause
-- duty_record  what was done: meetings, led inspections, plans, … append-only; a wrong one is retracted and written anew
-- obligation   one duty of one unit (post, person) in one period: planned from the catalogue, settled by records
--
-- Obligations are planned by anze.plan_obligations (sql/functions/duty_plan.sql) and counted by anze.settle_obligations
-- (duty_settle.sql): both are set-based, idempotent, and the only writers. What an obligation was before is in
-- obligation_past, so that a past day can be asked.

-- The catalogue ----------------------------------------------------------------------------------------------------

create table anze.duty (
    code text collate "C" not null,
    version integer not null,
    in_force daterange not null,
    clause text not null,
    nature text not null,
    title_zh text not null,
    title_en text not null,
    actor_zh text not null,
    unit_kinds text[] not null default '{}',
    levels text[],
    sectors text[],
    high_risk_only boolean not null default false,
    site_kinds text[],
    supervision_role text,
    post text,
    is_personal boolean not null default false,
    record_kinds text[] not null default '{}',
    counting text,
    period text,
    minimum_count integer not null default 1,
    due_days integer not null default 0,
    once_by date,
    event text,
    within_days integer,
    grace_days integer not null default 0,
    evidence text[] not null default '{}',
    publicity boolean not null default false,
    structural_rules text[] not null default '{}',
    elsewhere_zh text,
    elsewhere_en text,
    instrument text not null,
    article text,
    confidence text not null,
    origin text not null,
    reason text,
    created_at timestamptz not null default clock_timestamp(),
    constraint duty_pkey primary key (code, version),
    constraint duty_one_version_at_a_time exclude using gist (code with =, in_force with &&),
    constraint duty_code_form check (code ~ '^[0-9A-Z][0-9A-Z._-]{1,60}$'),
    constraint duty_clause_form check (clause ~ '^([1-9]|1[0-6])\.[0-9]{2}$'),
    constraint duty_nature check (nature in ('R', 'S', 'E', 'K', 'P')),
    constraint duty_period check (period in ('week', 'month', 'quarter', 'half_year', 'year', 'once', 'event')),
    constraint duty_counting check (counting in ('within', 'deliverable')),
    constraint duty_owed check ((period is null) = (counting is null) and (period is null or record_kinds <> '{}')),
    constraint duty_once check ((period = 'once') = (once_by is not null)),
    constraint duty_event check (coalesce(period = 'event', false) = (event is not null)),
    constraint duty_minimum_count check (minimum_count between 1 and 100),
    constraint duty_days check (due_days between 0 and 400 and grace_days between 0 and 400
                                and within_days between 0 and 4000),
    constraint duty_personal check (not is_personal or post is not null),
    constraint duty_evidence check (
        evidence <@ array['minutes', 'record', 'report', 'document', 'plan', 'inspection_plan', 'enforcement_plan',
                          'budget', 'list', 'roll', 'table', 'annual_table', 'log', 'policy', 'notice', 'photo', 'video',
                          'other']),
    constraint duty_post_fkey foreign key (post) references anze.post deferrable initially deferred,
    constraint duty_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred,
    constraint duty_confidence check (confidence in ('found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low')),
    constraint duty_origin check (origin in ('shipped', 'administrator'))
);
comment on table anze.duty is '职责清单: the catalogue of duties; each version has its days in force';
comment on column anze.duty.clause is 'the row of the obligation matrix: section of the opinion and number in it';
comment on column anze.duty.nature is 'R recurring, S standing or structural, E on an event, K indicator, P principle';
comment on column anze.duty.unit_kinds is 'who owes it, with levels, sectors, high_risk_only, site_kinds, supervision_role';
comment on column anze.duty.post is 'owed by the holder of this post; NULL: by the unit';
comment on column anze.duty.is_personal is 'owed by each holder for himself, not once for the post';
comment on column anze.duty.counting is
    'within: it must happen within the period; deliverable: it may come until the due day, and later it is late';
comment on column anze.duty.due_days is 'days after the end of the period until it is due';
comment on column anze.duty.within_days is 'for events: days until it is due; NULL: promptly 及时, without a day';
comment on column anze.duty.grace_days is 'days after the due day before it counts as missed';
comment on column anze.duty.evidence is 'kinds of evidence that a record needs to count';
comment on column anze.duty.elsewhere_zh is 'which capability keeps it, where no obligation is planned from this row';
comment on constraint duty_pkey on anze.duty is '该职责版本已存在。 | This version of the duty exists already. | /code';
comment on constraint duty_one_version_at_a_time on anze.duty is
    '同一职责的施行期间不能重叠。 | The versions of a duty do not overlap. | /in_force_from';
comment on constraint duty_code_form on anze.duty is '职责编码格式不正确。 | The duty code has the wrong form. | /code';
comment on constraint duty_clause_form on anze.duty is '条款号格式不正确。 | The clause has the wrong form. | /clause';
comment on constraint duty_nature on anze.duty is '性质应为 R、S、E、K 或 P。 | The nature is R, S, E, K or P. | /nature';
comment on constraint duty_period on anze.duty is '周期不在代码表内。 | The period is not in the code set. | /period';
comment on constraint duty_counting on anze.duty is '计数方式不在代码表内。 | The counting is not in the code set. | /counting';
comment on constraint duty_owed on anze.duty is
    '有周期的职责应有计数方式和履职记录类型。 | A duty with a period has a counting and kinds of record. | /period';
comment on constraint duty_once on anze.duty is
    '一次性职责应有截止日期。 | A duty owed once has a day to be done by. | /once_by';
comment on constraint duty_event on anze.duty is '事件触发的职责应指明事件。 | A duty on an event names the event. | /event';
comment on constraint duty_minimum_count on anze.duty is
    '次数应为 1 至 100。 | The count is 1 to 100. | /minimum_count';
comment on constraint duty_days on anze.duty is '天数超出范围。 | The number of days is out of range. | /grace_days';
comment on constraint duty_personal on anze.duty is
    '个人职责应指明职务。 | A personal duty names a post. | /post';
comment on constraint duty_evidence on anze.duty is
    '佐证类型不在代码表内。 | A kind of evidence is not in the code set. | /evidence';
comment on constraint duty_post_fkey on anze.duty is '职务不存在。 | The post does not exist. | /post';
comment on constraint duty_instrument_fkey on anze.duty is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint duty_confidence on anze.duty is '可信程度不在代码表内。 | The confidence is not in the code set. | /confidence';
comment on constraint duty_origin on anze.duty is '来源不在代码表内。 | The origin is not in the code set. | /origin';
create index duty_clause on anze.duty (clause, code, version);
grant select on anze.duty to anze_service;

create table anze.duty_event_kind (
    code text not null,
    title_zh text not null,
    title_en text not null,
    is_automatic boolean not null default false,
    constraint duty_event_kind_pkey primary key (code),
    constraint duty_event_kind_form check (code ~ '^[a-z][a-z_]{1,40}$')
);
comment on table anze.duty_event_kind is '触发事件: what makes an event duty owed';
comment on column anze.duty_event_kind.is_automatic is 'raised by the service itself; nobody records it by hand';
comment on constraint duty_event_kind_pkey on anze.duty_event_kind is
    '该事件类型已存在。 | This kind of event exists already. | /code';
comment on constraint duty_event_kind_form on anze.duty_event_kind is
    '事件类型代码格式不正确。 | The code has the wrong form. | /code';
grant select on anze.duty_event_kind to anze_service;

create table anze.duty_event (
    id uuid not null default gen_random_uuid(),
    kind text not null,
    unit_id uuid not null,
    occurred_at timestamptz not null,
    subject text,
    note text,
    accident_id uuid,
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    recorded_at timestamptz not null default clock_timestamp(),
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint duty_event_pkey primary key (id),
    constraint duty_event_kind_fkey foreign key (kind) references anze.duty_event_kind,
    constraint duty_event_unit_fkey foreign key (unit_id) references anze.unit,
    constraint duty_event_accident_fkey foreign key (accident_id) references anze.accident,
    constraint duty_event_time check (isfinite(occurred_at)),
    constraint duty_event_subject_length check (length(subject) between 1 and 200),
    constraint duty_event_note_length check (length(note) between 1 and 2000)
);
comment on table anze.duty_event is '触发事件: something after which somebody owes something';
comment on column anze.duty_event.unit_id is 'the unit whose duties it makes owed';
comment on constraint duty_event_pkey on anze.duty_event is '该事件已存在。 | This event exists already. | /id';
comment on constraint duty_event_kind_fkey on anze.duty_event is
    '事件类型不存在。 | The kind of event does not exist. | /kind';
comment on constraint duty_event_unit_fkey on anze.duty_event is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint duty_event_accident_fkey on anze.duty_event is
    '事故不存在。 | The accident does not exist. | /accident_id';
comment on constraint duty_event_time on anze.duty_event is '时间无效。 | The time is not a time. | /occurred_at';
comment on constraint duty_event_subject_length on anze.duty_event is
    '事由应为 1 至 200 个字。 | A subject has 1 to 200 characters. | /subject';
comment on constraint duty_event_note_length on anze.duty_event is
    '说明应为 1 至 2000 个字。 | A note has 1 to 2000 characters. | /note';
create unique index duty_event_once on anze.duty_event (kind, unit_id, accident_id) where accident_id is not null;
create index duty_event_province on anze.duty_event (province, occurred_at desc, id desc);
create index duty_event_city on anze.duty_event (city, occurred_at desc, id desc);
create index duty_event_county on anze.duty_event (county, occurred_at desc, id desc);
create index duty_event_town on anze.duty_event (town, occurred_at desc, id desc);
create index duty_event_unit on anze.duty_event (unit_id, occurred_at desc, id desc);
alter table anze.duty_event enable row level security;
alter table anze.duty_event force row level security;
create policy duty_event_seen on anze.duty_event for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy duty_event_owner on anze.duty_event to current_user using (true);
grant select on anze.duty_event to anze_service;

-- What was done ----------------------------------------------------------------------------------------------------

create table anze.duty_record_kind (
    code text not null,
    title_zh text not null,
    title_en text not null,
    constraint duty_record_kind_pkey primary key (code),
    constraint duty_record_kind_form check (code ~ '^[a-z][a-z_]{1,40}$')
);
comment on table anze.duty_record_kind is '履职记录类型: what a record is of';
comment on constraint duty_record_kind_pkey on anze.duty_record_kind is
    '该记录类型已存在。 | This kind of record exists already. | /code';
comment on constraint duty_record_kind_form on anze.duty_record_kind is
    '记录类型代码格式不正确。 | The code has the wrong form. | /code';
grant select on anze.duty_record_kind to anze_service;

create table anze.duty_record (
    id uuid not null default gen_random_uuid(),
    kind text not null,
    unit_id uuid not null,
    person_id uuid,
    on_day date not null,
    for_period date,
    title text not null,
    content jsonb not null default '{}',
    evidence text[] not null default '{}',
    evidence_files jsonb not null default '[]',
    valid daterange,
    published_on date,
    published_at_url text,
    event_id uuid,
    replaces uuid,
    retracted_at timestamptz,
    retracted_by text,
    retraction_reason text,
    version integer not null default 1,
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
    constraint duty_record_pkey primary key (id),
    constraint duty_record_kind_fkey foreign key (kind) references anze.duty_record_kind,
    constraint duty_record_unit_fkey foreign key (unit_id) references anze.unit,
    constraint duty_record_person_fkey foreign key (person_id) references anze.person,
    constraint duty_record_event_fkey foreign key (event_id) references anze.duty_event,
    constraint duty_record_replaces_fkey foreign key (replaces) references anze.duty_record,
    constraint duty_record_replaced_once unique (replaces),
    constraint duty_record_day check (isfinite(on_day) and isfinite(for_period) and isfinite(published_on)),
    constraint duty_record_title_length check (length(title) between 1 and 200),
    constraint duty_record_retraction check (
        (retracted_at is null) = (retracted_by is null) and (retracted_at is null) = (retraction_reason is null)),
    constraint duty_record_publication check (published_at_url is null or published_on is not null)
);
comment on table anze.duty_record is '履职记录: what was done, on which day, led by whom; never overwritten';
comment on column anze.duty_record.unit_id is 'the unit whose duty it serves (the place inspected is in content)';
comment on column anze.duty_record.person_id is 'who led, chaired, reported or answered for it';
comment on column anze.duty_record.for_period is 'first day of the period that it makes up for, where that is another';
comment on column anze.duty_record.evidence is 'kinds of the evidence that is attached: minutes, photo, …';
comment on column anze.duty_record.evidence_files is '[{"kind": …, "file_id": …}]';
comment on column anze.duty_record.valid is 'from when to when it holds: lists, policies, registers';
comment on column anze.duty_record.replaces is 'the record of which this is the next version';
comment on constraint duty_record_pkey on anze.duty_record is '该记录已存在。 | This record exists already. | /id';
comment on constraint duty_record_kind_fkey on anze.duty_record is
    '记录类型不存在。 | The kind of record does not exist. | /kind';
comment on constraint duty_record_unit_fkey on anze.duty_record is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint duty_record_person_fkey on anze.duty_record is
    '人员不存在。 | The person does not exist. | /person_id';
comment on constraint duty_record_event_fkey on anze.duty_record is
    '触发事件不存在。 | The event does not exist. | /event_id';
comment on constraint duty_record_replaces_fkey on anze.duty_record is
    '被替代的记录不存在。 | The record to be replaced does not exist. | /replaces';
comment on constraint duty_record_replaced_once on anze.duty_record is
    '该记录已有新版本。 | The record has a next version already. | /replaces';
comment on constraint duty_record_day on anze.duty_record is '日期无效。 | The day is not a day. | /on_day';
comment on constraint duty_record_title_length on anze.duty_record is
    '标题应为 1 至 200 个字。 | A title has 1 to 200 characters. | /title';
comment on constraint duty_record_retraction on anze.duty_record is
    '撤回应注明理由。 | A retraction gives its reason. | /reason';
comment on constraint duty_record_publication on anze.duty_record is
    '公开网址应附公开日期。 | An address of publication has its day. | /published_on';
create index duty_record_province on anze.duty_record (province, on_day desc, id desc);
create index duty_record_city on anze.duty_record (city, on_day desc, id desc);
create index duty_record_county on anze.duty_record (county, on_day desc, id desc);
create index duty_record_town on anze.duty_record (town, on_day desc, id desc);
create index duty_record_unit on anze.duty_record (unit_id, on_day desc, id desc);
create index duty_record_unit_kind on anze.duty_record (unit_id, kind, on_day);
create index duty_record_person on anze.duty_record (person_id, on_day desc, id desc) where person_id is not null;
create index duty_record_event on anze.duty_record (event_id) where event_id is not null;
alter table anze.duty_record enable row level security;
alter table anze.duty_record force row level security;
create policy duty_record_seen on anze.duty_record for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy duty_record_owner on anze.duty_record to current_user using (true);
grant select on anze.duty_record to anze_service;

-- What a record leaves to be done: decisions of a meeting, findings of an inspection.
create table anze.follow_up (
    record_id uuid not null,
    number smallint not null,
    kind text not null,
    matter text not null,
    place text,
    severity text,
    unit_id uuid not null,
    responsible text,
    due_on date,
    done_on date,
    result text,
    withdrawn_at timestamptz,
    state text collate "C" not null generated always as (
        case when withdrawn_at is not null then 'withdrawn' when done_on is not null then 'done' else 'open' end) stored,
    version integer not null default 1,
    updated_at timestamptz not null default clock_timestamp(),
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    due_order date not null generated always as (coalesce(due_on, 'infinity')) stored,
    constraint follow_up_pkey primary key (record_id, number),
    constraint follow_up_record_fkey foreign key (record_id) references anze.duty_record,
    constraint follow_up_unit_fkey foreign key (unit_id) references anze.unit,
    constraint follow_up_kind check (kind in ('decision', 'finding')),
    constraint follow_up_severity check (severity is null or severity in ('general', 'major') and kind = 'finding'),
    constraint follow_up_matter_length check (length(matter) between 1 and 2000),
    constraint follow_up_done check ((done_on is null) = (result is null)),
    constraint follow_up_days check (isfinite(due_on) and isfinite(done_on))
);
comment on table anze.follow_up is '跟踪事项: decisions to be carried out and findings to be put right, one by one';
comment on column anze.follow_up.unit_id is 'the unit that must carry it out';
comment on column anze.follow_up.withdrawn_at is 'when its record was retracted';
comment on column anze.follow_up.due_order is 'due_on for the order of lists: those without a day come last';
comment on constraint follow_up_pkey on anze.follow_up is '该事项已存在。 | This matter exists already. | /number';
comment on constraint follow_up_record_fkey on anze.follow_up is '记录不存在。 | The record does not exist. | /record_id';
comment on constraint follow_up_unit_fkey on anze.follow_up is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint follow_up_kind on anze.follow_up is '事项类型不在代码表内。 | The kind is not in the code set. | /kind';
comment on constraint follow_up_severity on anze.follow_up is
    '只有检查发现的问题才分一般和重大。 | Only a finding is general or major. | /severity';
comment on constraint follow_up_matter_length on anze.follow_up is
    '事项应为 1 至 2000 个字。 | A matter has 1 to 2000 characters. | /matter';
comment on constraint follow_up_done on anze.follow_up is
    '办结日期和办理结果应同时给出。 | The day and the result go together. | /result';
comment on constraint follow_up_days on anze.follow_up is '日期无效。 | The day is not a day. | /due_on';
create index follow_up_province on anze.follow_up (province, state, due_order, record_id, number);
create index follow_up_city on anze.follow_up (city, state, due_order, record_id, number);
create index follow_up_county on anze.follow_up (county, state, due_order, record_id, number);
create index follow_up_town on anze.follow_up (town, state, due_order, record_id, number);
create index follow_up_unit on anze.follow_up (unit_id, state, due_order, record_id, number);
alter table anze.follow_up enable row level security;
alter table anze.follow_up force row level security;
create policy follow_up_seen on anze.follow_up for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id)
           or exists (select from anze.duty_record r where r.id = record_id));
create policy follow_up_owner on anze.follow_up to current_user using (true);
grant select on anze.follow_up to anze_service;

-- What is owed -----------------------------------------------------------------------------------------------------

create table anze.obligation (
    id uuid not null,
    duty text collate "C" not null,
    duty_version integer not null,
    clause text not null,
    unit_id uuid not null,
    unit_kind text not null,
    post text,
    person_id uuid,
    holder_id uuid,
    event_id uuid,
    period text not null,
    period_start date not null,
    period_end date not null,
    due_at timestamptz not null,
    missed_from timestamptz not null,
    required smallint not null,
    done_count smallint not null default 0,
    done_on date,
    lacking text[] not null default '{}',
    state text not null default 'open',
    is_open boolean not null generated always as (state = 'open') stored,
    next_notice_at timestamptz not null default 'infinity',
    planned_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp(),
    version integer not null default 1,
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint obligation_pkey primary key (id),
    constraint obligation_duty_fkey foreign key (duty, duty_version) references anze.duty,
    constraint obligation_unit_fkey foreign key (unit_id) references anze.unit,
    constraint obligation_state check (state in ('open', 'done', 'done_late', 'excused', 'withdrawn')),
    constraint obligation_required check (required between 1 and 100),
    constraint obligation_period check (period_start < period_end and missed_from >= due_at)
);
comment on table anze.obligation is '履职任务: one duty of one unit, post or person in one period';
comment on column anze.obligation.id is 'made of duty, unit, person, event and period: planning twice makes it once';
comment on column anze.obligation.person_id is 'for personal duties: who owes it';
comment on column anze.obligation.holder_id is
    'who answers for it: the holder of the post when it is due, or his predecessor where he has only just taken over';
comment on column anze.obligation.period_end is 'the first day after the period';
comment on column anze.obligation.missed_from is 'due_at and the days of grace: open then means missed';
comment on column anze.obligation.lacking is 'what records would still need to count: evidence:minutes, publication';
comment on column anze.obligation.state is 'open (pending, overdue or missed by the clock), done, done_late, excused, withdrawn';
comment on column anze.obligation.next_notice_at is 'when the sweeper looks at it next';
comment on constraint obligation_pkey on anze.obligation is '该任务已存在。 | This obligation exists already. | /id';
comment on constraint obligation_duty_fkey on anze.obligation is '职责不存在。 | The duty does not exist. | /duty';
comment on constraint obligation_unit_fkey on anze.obligation is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint obligation_state on anze.obligation is '状态不在代码表内。 | The state is not in the code set. | /state';
comment on constraint obligation_required on anze.obligation is '次数应为 1 至 100。 | The count is 1 to 100. | /required';
comment on constraint obligation_period on anze.obligation is '周期无效。 | The period is not one. | /period_start';
-- Everything by due time under every scope, and what is open in indexes of its own, which stay small.
create index obligation_province_due on anze.obligation (province, due_at, id);
create index obligation_city_due on anze.obligation (city, due_at, id);
create index obligation_county_due on anze.obligation (county, due_at, id);
create index obligation_town_due on anze.obligation (town, due_at, id);
create index obligation_unit_due on anze.obligation (unit_id, due_at, id);
create index obligation_holder_due on anze.obligation (holder_id, due_at, id) where holder_id is not null;
create index obligation_province_open on anze.obligation (province, due_at, id) where is_open;
create index obligation_city_open on anze.obligation (city, due_at, id) where is_open;
create index obligation_county_open on anze.obligation (county, due_at, id) where is_open;
create index obligation_town_open on anze.obligation (town, due_at, id) where is_open;
create index obligation_unit_open on anze.obligation (unit_id, missed_from) where is_open;
create index obligation_notice on anze.obligation (next_notice_at) where is_open and next_notice_at < 'infinity';
create index obligation_period_end on anze.obligation (period_end);
create index obligation_event on anze.obligation (event_id) where event_id is not null;
alter table anze.obligation enable row level security;
alter table anze.obligation force row level security;
create policy obligation_seen on anze.obligation for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy obligation_owner on anze.obligation to current_user using (true);
grant select on anze.obligation to anze_service;

-- What an obligation was, until it changed: written by trigger, read when a past day is asked (as_of).
create table anze.obligation_past (
    obligation_id uuid not null,
    was tstzrange not null,
    required smallint not null,
    done_count smallint not null,
    done_on date,
    lacking text[] not null,
    state text not null,
    holder_id uuid,
    due_at timestamptz not null,
    missed_from timestamptz not null,
    constraint obligation_past_pkey primary key (obligation_id, was),
    constraint obligation_past_obligation_fkey foreign key (obligation_id) references anze.obligation
);
comment on table anze.obligation_past is '任务沿革: what an obligation was and for how long the service thought so';
comment on constraint obligation_past_pkey on anze.obligation_past is
    '该时段已有记载。 | This span is recorded already. | ';
comment on constraint obligation_past_obligation_fkey on anze.obligation_past is
    '任务不存在。 | The obligation does not exist. | ';
alter table anze.obligation_past enable row level security;
alter table anze.obligation_past force row level security;
create policy obligation_past_seen on anze.obligation_past for select to anze_service
    using (exists (select from anze.obligation o where o.id = obligation_id));
create policy obligation_past_owner on anze.obligation_past to current_user using (true);
grant select on anze.obligation_past to anze_service;

-- Which records serve which obligation, and what a record lacks to count.
create table anze.obligation_record (
    obligation_id uuid not null,
    record_id uuid not null,
    lacking text[] not null default '{}',
    is_late boolean not null,
    constraint obligation_record_pkey primary key (obligation_id, record_id),
    constraint obligation_record_obligation_fkey foreign key (obligation_id) references anze.obligation,
    constraint obligation_record_record_fkey foreign key (record_id) references anze.duty_record
);
comment on table anze.obligation_record is '履职佐证: which records serve which obligation';
comment on constraint obligation_record_pkey on anze.obligation_record is
    '该佐证已存在。 | This proof exists already. | ';
comment on constraint obligation_record_obligation_fkey on anze.obligation_record is
    '任务不存在。 | The obligation does not exist. | ';
comment on constraint obligation_record_record_fkey on anze.obligation_record is
    '记录不存在。 | The record does not exist. | ';
create index obligation_record_record on anze.obligation_record (record_id);
alter table anze.obligation_record enable row level security;
alter table anze.obligation_record force row level security;
create policy obligation_record_seen on anze.obligation_record for select to anze_service
    using (exists (select from anze.obligation o where o.id = obligation_id));
create policy obligation_record_owner on anze.obligation_record to current_user using (true);
grant select on anze.obligation_record to anze_service;

create table anze.excuse (
    id uuid not null default gen_random_uuid(),
    obligation_id uuid not null,
    reason text not null,
    evidence_files jsonb not null default '[]',
    requested_at timestamptz not null default clock_timestamp(),
    requested_by text not null default coalesce(anze.actor(), 'login:' || session_user),
    requested_on_behalf_of text default anze.on_behalf_of(),
    decision text,
    decided_at timestamptz,
    decided_by text,
    decided_on_behalf_of text,
    decision_note text,
    version integer not null default 1,
    unit_id uuid not null,
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint excuse_pkey primary key (id),
    constraint excuse_obligation_fkey foreign key (obligation_id) references anze.obligation,
    constraint excuse_unit_fkey foreign key (unit_id) references anze.unit,
    constraint excuse_reason_length check (length(reason) between 1 and 2000),
    constraint excuse_decision check (decision in ('approved', 'refused')),
    constraint excuse_decided check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)),
    constraint excuse_four_eyes check (decided_by <> requested_by)
);
comment on table anze.excuse is '免责申请: why something was not done, and who approved that it need not count';
comment on constraint excuse_pkey on anze.excuse is '该申请已存在。 | This excuse exists already. | /id';
comment on constraint excuse_obligation_fkey on anze.excuse is
    '任务不存在。 | The obligation does not exist. | /obligation_id';
comment on constraint excuse_unit_fkey on anze.excuse is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint excuse_reason_length on anze.excuse is
    '理由应为 1 至 2000 个字。 | A reason has 1 to 2000 characters. | /reason';
comment on constraint excuse_decision on anze.excuse is
    '审批结论应为同意或不同意。 | The decision is approved or refused. | /decision';
comment on constraint excuse_decided on anze.excuse is '审批信息不完整。 | The decision is not whole. | /decision';
comment on constraint excuse_four_eyes on anze.excuse is
    '申请人不能审批自己的申请。 | Nobody decides on his own request. | /decision';
create unique index excuse_open on anze.excuse (obligation_id) where decision is null;
create index excuse_obligation on anze.excuse (obligation_id, requested_at);
create index excuse_province on anze.excuse (province, requested_at desc, id desc);
create index excuse_city on anze.excuse (city, requested_at desc, id desc);
create index excuse_county on anze.excuse (county, requested_at desc, id desc);
create index excuse_town on anze.excuse (town, requested_at desc, id desc);
create index excuse_unit on anze.excuse (unit_id, requested_at desc, id desc);
alter table anze.excuse enable row level security;
alter table anze.excuse force row level security;
create policy excuse_seen on anze.excuse for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy excuse_owner on anze.excuse to current_user using (true);
grant select on anze.excuse to anze_service;

-- Counting ---------------------------------------------------------------------------------------------------------

-- Sums of obligations by what summaries group by. Writers only append differences; the sweeper folds them, so that no
-- two writers wait for one row. A sum is the base and all differences.
create table anze.duty_tally (
    duty text collate "C" not null,
    clause text not null,
    period text not null,
    period_end date not null,
    missed_from timestamptz not null,
    region_code text collate "C" not null,
    sector text not null,
    unit_kind text not null,
    owed bigint not null,
    done bigint not null,
    done_late bigint not null,
    excused bigint not null,
    constraint duty_tally_pkey primary key (period_end, duty, region_code, sector, unit_kind, period, clause, missed_from)
);
comment on table anze.duty_tally is '履职统计: sums of obligations; sector "" where the unit has none';
comment on column anze.duty_tally.owed is 'all but the withdrawn';
comment on constraint duty_tally_pkey on anze.duty_tally is '该统计已存在。 | This sum exists already. | ';
create table anze.duty_tally_delta (
    like anze.duty_tally including defaults,
    id bigint generated always as identity (cache 100),
    constraint duty_tally_delta_pkey primary key (id)
);
comment on table anze.duty_tally_delta is '履职统计增量: differences that are not folded yet';
comment on constraint duty_tally_delta_pkey on anze.duty_tally_delta is '该增量已存在。 | This difference exists already. | ';
create index duty_tally_delta_period on anze.duty_tally_delta (period_end);
alter table anze.duty_tally enable row level security;
alter table anze.duty_tally force row level security;
create policy duty_tally_seen on anze.duty_tally for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy duty_tally_owner on anze.duty_tally to current_user using (true);
alter table anze.duty_tally_delta enable row level security;
alter table anze.duty_tally_delta force row level security;
create policy duty_tally_delta_seen on anze.duty_tally_delta for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy duty_tally_delta_owner on anze.duty_tally_delta to current_user using (true);
grant select on anze.duty_tally, anze.duty_tally_delta to anze_service;

-- The sweeper's work list: one row per unit, written where something changed, taken in batches (for update skip locked).
create table anze.duty_work (
    unit_id uuid not null,
    begins_on date not null,
    planned_until date not null default '-infinity',
    plan_from date,
    structure_is_stale boolean not null default true,
    structure_checked_on date not null default '-infinity',
    light_is_stale boolean not null default true,
    light_due_at timestamptz not null default 'infinity',
    constraint duty_work_pkey primary key (unit_id),
    constraint duty_work_unit_fkey foreign key (unit_id) references anze.unit on delete cascade
);
comment on table anze.duty_work is '待办重算: what of a unit must be planned or judged again';
comment on column anze.duty_work.begins_on is 'no obligation is planned for periods that ended before this day';
comment on column anze.duty_work.planned_until is 'obligations are planned for the periods that began before this day';
comment on column anze.duty_work.plan_from is 'to be planned again from the period of this day on; NULL: nothing changed';
comment on column anze.duty_work.structure_checked_on is 'rules of structure depend on the day: looked at daily';
comment on column anze.duty_work.light_due_at is 'when time alone changes what the light is judged by';
comment on constraint duty_work_pkey on anze.duty_work is '该单位已列入。 | This unit is listed already. | ';
comment on constraint duty_work_unit_fkey on anze.duty_work is '单位不存在。 | The unit does not exist. | ';
create index duty_work_stale on anze.duty_work (unit_id)
    where plan_from is not null or structure_is_stale or light_is_stale;
create index duty_work_planned_until on anze.duty_work (planned_until);
create index duty_work_structure on anze.duty_work (structure_checked_on);
create index duty_work_light on anze.duty_work (light_due_at) where light_due_at < 'infinity';
-- The units that were there before: those that come later are listed by trigger (sql/functions/duty_work.sql).
insert into anze.duty_work (unit_id, begins_on)
select u.id, (now() at time zone 'Asia/Shanghai')::date from anze.unit u;

-- Notices and lights -----------------------------------------------------------------------------------------------

create table anze.notice_stage (
    code text not null,
    place smallint not null,
    kind text not null,
    days_rule text collate "C" not null,
    counted_from text not null,
    addressee text not null,
    periods text[] not null default '{}',
    title_zh text not null,
    title_en text not null,
    constraint notice_stage_pkey primary key (code),
    constraint notice_stage_place_key unique (place),
    constraint notice_stage_kind check (kind in ('reminder', 'warning', 'escalation')),
    constraint notice_stage_counted_from check (counted_from in ('due_at', 'missed_from')),
    constraint notice_stage_addressee check (addressee in ('unit', 'superior', 'safety_office', 'upper_safety_office'))
);
comment on table anze.notice_stage is '警示提醒阶段: when whom is told of what is owed; the days are rules';
comment on column anze.notice_stage.days_rule is 'the rule whose value is the days after counted_from; negative: before';
comment on column anze.notice_stage.place is 'the order of the stages: none is told after a later one';
comment on column anze.notice_stage.periods is 'only for duties of these periods; empty: of every period';
comment on constraint notice_stage_pkey on anze.notice_stage is '该阶段已存在。 | This stage exists already. | /code';
comment on constraint notice_stage_place_key on anze.notice_stage is
    '该次序已有阶段。 | There is a stage at this place already. | /place';
comment on constraint notice_stage_kind on anze.notice_stage is '类型不在代码表内。 | The kind is not in the code set. | /kind';
comment on constraint notice_stage_counted_from on anze.notice_stage is
    '起算点不在代码表内。 | The start is not in the code set. | /counted_from';
comment on constraint notice_stage_addressee on anze.notice_stage is
    '对象不在代码表内。 | The addressee is not in the code set. | /addressee';
grant select on anze.notice_stage to anze_service;

create table anze.notice (
    id uuid not null default gen_random_uuid(),
    stage text not null,
    kind text not null,
    obligation_id uuid not null,
    unit_id uuid not null,
    person_id uuid,
    about_unit_id uuid not null,
    issued_at timestamptz not null default clock_timestamp(),
    acknowledged_at timestamptz,
    acknowledged_by text,
    acknowledged_on_behalf_of text,
    acknowledgement text,
    version integer not null default 1,
    region_code text collate "C" not null,
    sector text,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint notice_pkey primary key (id),
    constraint notice_once unique (obligation_id, stage),
    constraint notice_stage_fkey foreign key (stage) references anze.notice_stage,
    constraint notice_obligation_fkey foreign key (obligation_id) references anze.obligation,
    constraint notice_unit_fkey foreign key (unit_id) references anze.unit,
    constraint notice_acknowledged check ((acknowledged_at is null) = (acknowledged_by is null)),
    constraint notice_acknowledgement_length check (length(acknowledgement) between 1 and 2000)
);
comment on table anze.notice is '警示提醒: each stage of each obligation is told once';
comment on column anze.notice.unit_id is 'the unit that is told; region and sector are those of the unit that it is about';
comment on constraint notice_pkey on anze.notice is '该提醒已存在。 | This notice exists already. | /id';
comment on constraint notice_once on anze.notice is '该阶段已提醒。 | This stage was told already. | /stage';
comment on constraint notice_stage_fkey on anze.notice is '阶段不存在。 | The stage does not exist. | /stage';
comment on constraint notice_obligation_fkey on anze.notice is
    '任务不存在。 | The obligation does not exist. | /obligation_id';
comment on constraint notice_unit_fkey on anze.notice is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint notice_acknowledged on anze.notice is
    '签收信息不完整。 | The acknowledgement is not whole. | /acknowledgement';
comment on constraint notice_acknowledgement_length on anze.notice is
    '说明应为 1 至 2000 个字。 | A note has 1 to 2000 characters. | /note';
create index notice_province on anze.notice (province, issued_at desc, id desc);
create index notice_city on anze.notice (city, issued_at desc, id desc);
create index notice_county on anze.notice (county, issued_at desc, id desc);
create index notice_town on anze.notice (town, issued_at desc, id desc);
create index notice_about_unit on anze.notice (about_unit_id, issued_at desc, id desc);
create index notice_unit on anze.notice (unit_id, issued_at desc, id desc);
alter table anze.notice enable row level security;
alter table anze.notice force row level security;
create policy notice_seen on anze.notice for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, about_unit_id) or unit_id = anze.unit());
create policy notice_owner on anze.notice to current_user using (true);
grant select on anze.notice to anze_service;

create table anze.light_rule (
    code text collate "C" not null,
    colour text not null,
    measure text not null,
    threshold_rule text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    place smallint not null,
    constraint light_rule_pkey primary key (code),
    constraint light_rule_colour check (colour in ('red', 'yellow')),
    constraint light_rule_measure check (measure in (
        'missed', 'missed_twice', 'overdue', 'escalated', 'unacknowledged_days', 'findings_first_responsible', 'findings',
        'red_units_percent', 'yellow_units_percent', 'red_regions_percent'))
);
comment on table anze.light_rule is '红黄绿灯规则: which measure from which threshold on makes a light yellow or red';
comment on column anze.light_rule.threshold_rule is 'the rule whose value the measure reaches';
comment on constraint light_rule_pkey on anze.light_rule is '该规则已存在。 | This rule exists already. | /code';
comment on constraint light_rule_colour on anze.light_rule is '颜色应为红或黄。 | The colour is red or yellow. | /colour';
comment on constraint light_rule_measure on anze.light_rule is
    '指标不在代码表内。 | The measure is not in the code set. | /measure';
grant select on anze.light_rule to anze_service;

create table anze.unit_light (
    unit_id uuid not null,
    colour text not null,
    place smallint not null generated always as (case colour when 'red' then 0 when 'yellow' then 1 else 2 end) stored,
    since timestamptz not null default clock_timestamp(),
    reasons jsonb not null default '[]',
    judged_at timestamptz not null default clock_timestamp(),
    region_code text collate "C" not null,
    sector text,
    unit_kind text not null,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    constraint unit_light_pkey primary key (unit_id),
    constraint unit_light_unit_fkey foreign key (unit_id) references anze.unit on delete cascade,
    constraint unit_light_colour check (colour in ('red', 'yellow', 'green'))
);
comment on table anze.unit_light is '红黄绿灯: the light of each unit, with its reasons';
comment on column anze.unit_light.place is 'the worst first';
comment on constraint unit_light_pkey on anze.unit_light is '该单位已有灯。 | The unit has a light already. | ';
comment on constraint unit_light_unit_fkey on anze.unit_light is '单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint unit_light_colour on anze.unit_light is
    '颜色应为红、黄或绿。 | The colour is red, yellow or green. | /colour';
create index unit_light_province on anze.unit_light (province, place, since, unit_id);
create index unit_light_city on anze.unit_light (city, place, since, unit_id);
create index unit_light_county on anze.unit_light (county, place, since, unit_id);
create index unit_light_town on anze.unit_light (town, place, since, unit_id);
alter table anze.unit_light enable row level security;
alter table anze.unit_light force row level security;
create policy unit_light_seen on anze.unit_light for select to anze_service
    using (anze.can_see_of_unit(region_code, sector, unit_id));
create policy unit_light_owner on anze.unit_light to current_user using (true);
grant select on anze.unit_light to anze_service;

create table anze.light_change (
    unit_id uuid not null,
    changed_at timestamptz not null default clock_timestamp(),
    colour text not null,
    reasons jsonb not null,
    constraint light_change_pkey primary key (unit_id, changed_at),
    constraint light_change_unit_fkey foreign key (unit_id) references anze.unit on delete cascade
);
comment on table anze.light_change is '亮灯沿革: when a unit''s light changed, and why';
comment on constraint light_change_pkey on anze.light_change is '该变更已存在。 | This change exists already. | ';
comment on constraint light_change_unit_fkey on anze.light_change is '单位不存在。 | The unit does not exist. | /unit_id';
alter table anze.light_change enable row level security;
alter table anze.light_change force row level security;
create policy light_change_seen on anze.light_change for select to anze_service
    using (exists (select from anze.unit_light l where l.unit_id = light_change.unit_id));
create policy light_change_owner on anze.light_change to current_user using (true);
grant select on anze.light_change to anze_service;
