-- Direct accident reporting 事故直报.
--
-- An accident is one row with its current, derived figures. What it is derived from is append-only: reports,
-- transmissions, receipts. Clocks and recipients are rows that are planned once and then only met, told or superseded.

-- The law as rows. Figures are not here: each row names its rule (anze.rule), and the version in force on the day of
-- the accident counts.

create table anze.accident_level (
    rank smallint not null,
    code text not null,
    title_zh text not null,
    title_en text not null,
    constraint accident_level_pkey primary key (rank),
    constraint accident_level_code_key unique (code)
);
comment on table anze.accident_level is '报告层级: the unit, and the levels of government above it';
comment on constraint accident_level_pkey on anze.accident_level is '该层级已存在。 | This level exists already. | ';
comment on constraint accident_level_code_key on anze.accident_level is
    '该层级已存在。 | This level exists already. | ';

create table anze.accident_grade (
    rank smallint not null,
    code text not null,
    title_zh text not null,
    title_en text not null,
    top_rule text collate "C" not null,
    daily_rule text collate "C" not null,
    constraint accident_grade_pkey primary key (rank),
    constraint accident_grade_code_key unique (code)
);
comment on table anze.accident_grade is '事故等级: 一般, 较大, 重大, 特别重大';
comment on column anze.accident_grade.top_rule is 'the rule whose value is the rank of the highest level that is told';
comment on column anze.accident_grade.daily_rule is 'the rule whose value is the follow-ups asked for on each day';
comment on constraint accident_grade_pkey on anze.accident_grade is '该等级已存在。 | This grade exists already. | ';
comment on constraint accident_grade_code_key on anze.accident_grade is
    '该等级已存在。 | This grade exists already. | ';

create table anze.accident_threshold (
    dimension text not null,
    grade smallint not null,
    rule text collate "C" not null,
    constraint accident_threshold_pkey primary key (dimension, grade),
    constraint accident_threshold_grade_fkey foreign key (grade) references anze.accident_grade,
    constraint accident_threshold_dimension check (dimension in ('deaths', 'serious_injuries', 'direct_loss_cny'))
);
comment on table anze.accident_threshold is
    'from which figure on (以上, inclusive) a dimension alone makes a grade; below the lowest the grade is 1';
comment on constraint accident_threshold_pkey on anze.accident_threshold is
    '该界限已存在。 | This threshold exists already. | ';
comment on constraint accident_threshold_grade_fkey on anze.accident_threshold is
    '事故等级不存在。 | The grade does not exist. | ';
comment on constraint accident_threshold_dimension on anze.accident_threshold is
    '定级指标不在代码表内。 | The dimension is not in the code set. | ';

create table anze.accident_danger (
    code text not null,
    title_zh text not null,
    title_en text not null,
    figures text[] not null default '{}',
    rule text collate "C" not null,
    constraint accident_danger_pkey primary key (code)
);
comment on table anze.accident_danger is
    '较大涉险: what makes an accident seriously endangering; by the sum of figures, or stated (endangered)';
comment on column anze.accident_danger.figures is 'the figures whose sum reaches the value of the rule; empty: stated';
comment on constraint accident_danger_pkey on anze.accident_danger is
    '该涉险情形已存在。 | This danger exists already. | ';

create table anze.accident_supplement_sector (
    sector text not null,
    constraint accident_supplement_sector_pkey primary key (sector),
    constraint accident_supplement_sector_fkey foreign key (sector) references anze.sector
        deferrable initially deferred
);
comment on table anze.accident_supplement_sector is
    'sectors whose casualties are supplemented within 7 days instead of 30, besides the categories that say so';
comment on constraint accident_supplement_sector_pkey on anze.accident_supplement_sector is
    '该行业领域已列入。 | This sector is listed already. | ';
comment on constraint accident_supplement_sector_fkey on anze.accident_supplement_sector is
    '行业领域不存在。 | The sector does not exist. | ';

create table anze.accident_clock_rule (
    code text not null,
    from_level smallint not null,
    to_level smallint not null,
    grade_from smallint not null default 1,
    grade_to smallint not null default 4,
    rule_set text,
    up_to_top boolean not null default false,
    rule text collate "C" not null,
    outer_rule text collate "C",
    title_zh text not null,
    title_en text not null,
    constraint accident_clock_rule_pkey primary key (code, from_level, to_level),
    constraint accident_clock_rule_upward check (to_level > from_level and grade_from <= grade_to)
);
comment on table anze.accident_clock_rule is
    '上报时限: who reports to whom within what time, for which grades; the follow-ups of each day are computed';
comment on column anze.accident_clock_rule.rule_set is 'NULL: every rule set';
comment on column anze.accident_clock_rule.up_to_top is 'only as far as the grade''s top level';
comment on column anze.accident_clock_rule.outer_rule is
    'for what the law wants at once (立即): the rule whose time is the outer bound, after which it is late';
comment on constraint accident_clock_rule_pkey on anze.accident_clock_rule is
    '该时限已存在。 | This clock exists already. | ';
comment on constraint accident_clock_rule_upward on anze.accident_clock_rule is
    '时限应由下级指向上级。 | A clock runs from a lower level to a higher one. | ';

create table anze.accident_recipient_rule (
    level smallint not null,
    code text not null,
    grade_from smallint not null default 1,
    rule_set text,
    rule text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    place smallint not null,
    constraint accident_recipient_rule_pkey primary key (level, code)
);
comment on table anze.accident_recipient_rule is '同时通知: whom a level tells beside the next level';
comment on constraint accident_recipient_rule_pkey on anze.accident_recipient_rule is
    '该通知对象已存在。 | This recipient exists already. | ';

grant select on anze.accident_level, anze.accident_grade, anze.accident_threshold, anze.accident_danger,
    anze.accident_supplement_sector, anze.accident_clock_rule, anze.accident_recipient_rule to anze_service;

-- The accident ----------------------------------------------------------------------------------------------------

create table anze.accident (
    id uuid not null default gen_random_uuid(),
    version integer not null default 1,
    state text not null default 'open',
    unit_id uuid,
    unit_is_declared boolean not null default false,
    unit_name text not null,
    unit_credit_code text collate "C",
    region_code text collate "C" not null,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    sector text not null,
    rule_set text not null,
    category_standard text not null,
    category text collate "C" not null,
    place text not null,
    occurred_at timestamptz not null,
    learned_at timestamptz not null,
    reported_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    entry_level smallint not null,
    facts jsonb not null,
    deaths integer,
    missing integer,
    trapped integer,
    serious_injuries integer,
    minor_injuries integer,
    evacuated integer,
    at_risk integer,
    direct_loss_cny numeric(18, 2),
    grade smallint not null,
    grade_is_lower_bound boolean not null,
    endangering text[] not null default '{}',
    supplement_ends_at timestamptz not null,
    report_count integer not null default 1,
    late_from timestamptz not null default 'infinity',
    due_at timestamptz not null default 'infinity',
    late_seconds integer not null default 0,
    item text not null default '',
    document text not null default '',
    clock_documents text[] not null default '{}',
    clock_dues timestamptz[] not null default '{}',
    updated_at timestamptz not null default clock_timestamp(),
    constraint accident_pkey primary key (id),
    constraint accident_unit_fkey foreign key (unit_id) references anze.unit,
    constraint accident_region_fkey foreign key (region_code) references anze.region,
    constraint accident_sector_fkey foreign key (sector) references anze.sector,
    constraint accident_category_fkey foreign key (category_standard, category) references anze.accident_category,
    constraint accident_grade_fkey foreign key (grade) references anze.accident_grade,
    constraint accident_entry_level_fkey foreign key (entry_level) references anze.accident_level,
    constraint accident_state check (state in ('open', 'final')),
    constraint accident_order check (
        isfinite(occurred_at) and isfinite(learned_at) and isfinite(reported_at) and learned_at >= occurred_at),
    constraint accident_figures check (
        least(deaths, missing, trapped, serious_injuries, minor_injuries, evacuated, at_risk) >= 0
        and direct_loss_cny >= 0 and direct_loss_cny <> 'NaN')
);
comment on table anze.accident is '事故: one row per accident, with what follows from its reports';
comment on column anze.accident.unit_is_declared is
    'named by credit code from outside its sight: whether the register knows the unit is not shown';
comment on column anze.accident.learned_at is 'when the head of the unit learned of it: the hour runs from here';
comment on column anze.accident.reported_at is 'when the first report reached the receiving level';
comment on column anze.accident.facts is 'the content of the first report with its corrections, without figures';
comment on column anze.accident.late_from is 'due time of the earliest clock that ran out late or still runs';
comment on column anze.accident.due_at is 'due time of the next running clock; infinity: none runs';
comment on column anze.accident.late_seconds is 'the longest lateness among clocks that have ended';
comment on column anze.accident.item is 'as lists show it, without what depends on the present moment';
comment on column anze.accident.document is 'as one reads it, without what depends on the present moment';
comment on column anze.accident.clock_documents is
    'the clocks as one reads them, in order of due time; running ones without state and lateness';
comment on column anze.accident.clock_dues is 'due times of the running ones among clock_documents, else NULL';
comment on constraint accident_pkey on anze.accident is '该事故已存在。 | This accident exists already. | ';
comment on constraint accident_unit_fkey on anze.accident is '事故单位不存在。 | The unit does not exist. | /unit_id';
comment on constraint accident_region_fkey on anze.accident is
    '行政区划代码不存在。 | The division code does not exist. | /region_code';
comment on constraint accident_sector_fkey on anze.accident is
    '行业领域不存在。 | The sector does not exist. | /sector';
comment on constraint accident_category_fkey on anze.accident is
    '事故类别不存在。 | The accident category does not exist. | /category';
comment on constraint accident_grade_fkey on anze.accident is '事故等级不存在。 | The grade does not exist. | ';
comment on constraint accident_entry_level_fkey on anze.accident is '报告层级不存在。 | The level does not exist. | ';
comment on constraint accident_state on anze.accident is
    '事故状态应为 open 或 final。 | The state is open or final. | ';
comment on constraint accident_order on anze.accident is
    '单位负责人获知时间不得早于事故发生时间。 | The head cannot learn of it before it occurred. | /learned_at';
comment on constraint accident_figures on anze.accident is
    '人数和损失不得为负。 | Persons and loss are not negative. | /figures';

-- The document is read whole and often: kept out of the row that lists scan, and not compressed.
alter table anze.accident alter column document set storage external;
alter table anze.accident alter column facts set storage external;

-- One index per level of scope and order of the list.
create index accident_province_occurred on anze.accident (province, occurred_at desc, id desc);
create index accident_city_occurred on anze.accident (city, occurred_at desc, id desc);
create index accident_county_occurred on anze.accident (county, occurred_at desc, id desc);
create index accident_town_occurred on anze.accident (town, occurred_at desc, id desc);
create index accident_unit_occurred on anze.accident (unit_id, occurred_at desc, id desc);
create index accident_province_reported on anze.accident (province, reported_at desc, id desc);
create index accident_city_reported on anze.accident (city, reported_at desc, id desc);
create index accident_county_reported on anze.accident (county, reported_at desc, id desc);
create index accident_town_reported on anze.accident (town, reported_at desc, id desc);
create index accident_unit_reported on anze.accident (unit_id, reported_at desc, id desc);
create index accident_province_due on anze.accident (province, due_at, id);
create index accident_city_due on anze.accident (city, due_at, id);
create index accident_county_due on anze.accident (county, due_at, id);
create index accident_town_due on anze.accident (town, due_at, id);
create index accident_unit_due on anze.accident (unit_id, due_at, id);
-- Rare things that a list filters for: what is late, what is graded above ordinary, what changed since.
create index accident_city_late on anze.accident (city, late_from);
create index accident_city_grave on anze.accident (city, grade, occurred_at desc, id desc) where grade > 1;
create index accident_updated on anze.accident (updated_at);

create table anze.accident_report (
    accident_id uuid not null,
    number integer not null,
    kind text not null,
    root integer not null,
    corrects integer,
    reason text,
    as_of timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    moves_grade boolean not null,
    figures jsonb not null default '{}',
    content jsonb not null default '{}',
    reporter_name text,
    reporter_phone text,
    level smallint not null,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint accident_report_pkey primary key (accident_id, number),
    constraint accident_report_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_report_corrects_fkey foreign key (accident_id, corrects) references anze.accident_report,
    constraint accident_report_kind check (kind in ('first', 'follow_up', 'supplement', 'final', 'correction')),
    constraint accident_report_correction check (
        (kind = 'correction') = (corrects is not null) and (kind = 'correction') = (reason is not null)
        and root <= number and (kind = 'correction' or root = number))
);
comment on table anze.accident_report is '事故报告: first, follow-up 续报, supplement 补报, final 终报, correction 更正';
comment on column anze.accident_report.root is 'the report that a chain of corrections began with; its own number else';
comment on column anze.accident_report.as_of is 'the moment that the figures speak of; of a correction the corrected one';
comment on column anze.accident_report.moves_grade is 'whether its moment lies in the time for supplements';
comment on column anze.accident_report.figures is 'the figures given: absent is unchanged, null is unknown';
comment on column anze.accident_report.content is 'everything else as it was given';
comment on constraint accident_report_pkey on anze.accident_report is
    '该报告编号已存在。 | A report of this number exists already. | ';
comment on constraint accident_report_accident_fkey on anze.accident_report is
    '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_report_corrects_fkey on anze.accident_report is
    '被更正的报告不存在。 | The corrected report does not exist. | ';
comment on constraint accident_report_kind on anze.accident_report is
    '报告类型不在代码表内。 | The kind of report is not in the code set. | /kind';
comment on constraint accident_report_correction on anze.accident_report is
    '更正应指明被更正的报告和理由。 | A correction names the report it corrects, and why. | /reason';

create table anze.accident_grade_change (
    accident_id uuid not null,
    number integer not null,
    grade smallint not null,
    is_lower_bound boolean not null,
    report_number integer not null,
    because jsonb not null,
    changed_at timestamptz not null default clock_timestamp(),
    constraint accident_grade_change_pkey primary key (accident_id, number),
    constraint accident_grade_change_report_fkey foreign key (accident_id, report_number)
        references anze.accident_report,
    constraint accident_grade_change_grade_fkey foreign key (grade) references anze.accident_grade
);
comment on table anze.accident_grade_change is '定级变化: the first grade and every change, with the report that caused it';
comment on column anze.accident_grade_change.because is 'the deciding dimension, its figure and its rule';
comment on constraint accident_grade_change_pkey on anze.accident_grade_change is
    '该定级变化已存在。 | This change of grade exists already. | ';
comment on constraint accident_grade_change_report_fkey on anze.accident_grade_change is
    '报告不存在。 | The report does not exist. | ';
comment on constraint accident_grade_change_grade_fkey on anze.accident_grade_change is
    '事故等级不存在。 | The grade does not exist. | ';

create table anze.accident_transmission (
    id uuid not null default gen_random_uuid(),
    accident_id uuid not null,
    from_level smallint not null,
    to_level smallint not null,
    channel text not null,
    sent_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    note text,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint accident_transmission_pkey primary key (id),
    constraint accident_transmission_once unique (accident_id, from_level, to_level),
    constraint accident_transmission_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_transmission_from_fkey foreign key (from_level) references anze.accident_level,
    constraint accident_transmission_to_fkey foreign key (to_level) references anze.accident_level,
    constraint accident_transmission_upward check (to_level > from_level),
    constraint accident_transmission_channel check (channel in ('system', 'phone', 'text'))
);
comment on table anze.accident_transmission is '上报: the accident passed up from one level to a higher one';
comment on constraint accident_transmission_pkey on anze.accident_transmission is
    '该上报已存在。 | This transmission exists already. | ';
comment on constraint accident_transmission_once on anze.accident_transmission is
    '该层级已向上述层级上报。 | This level has passed the accident to that level already. | /to_level';
comment on constraint accident_transmission_accident_fkey on anze.accident_transmission is
    '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_transmission_from_fkey on anze.accident_transmission is
    '报告层级不存在。 | The level does not exist. | ';
comment on constraint accident_transmission_to_fkey on anze.accident_transmission is
    '报告层级不存在。 | The level does not exist. | /to_level';
comment on constraint accident_transmission_upward on anze.accident_transmission is
    '只能向上级上报。 | An accident is passed upward. | /to_level';
comment on constraint accident_transmission_channel on anze.accident_transmission is
    '上报方式不在代码表内。 | The channel is not in the code set. | /channel';

create table anze.accident_receipt (
    transmission_id uuid not null,
    accident_id uuid not null,
    received_at timestamptz not null default clock_timestamp(),
    level smallint not null,
    note text,
    actor text not null default coalesce(anze.actor(), 'login:' || session_user),
    on_behalf_of text default anze.on_behalf_of(),
    constraint accident_receipt_pkey primary key (transmission_id),
    constraint accident_receipt_transmission_fkey foreign key (transmission_id) references anze.accident_transmission,
    constraint accident_receipt_accident_fkey foreign key (accident_id) references anze.accident
);
comment on table anze.accident_receipt is '签收: the receiving level acknowledges';
comment on constraint accident_receipt_pkey on anze.accident_receipt is
    '该上报已签收。 | This transmission is acknowledged already. | ';
comment on constraint accident_receipt_transmission_fkey on anze.accident_receipt is
    '上报不存在。 | The transmission does not exist. | ';
comment on constraint accident_receipt_accident_fkey on anze.accident_receipt is
    '事故不存在。 | The accident does not exist. | ';
create index accident_receipt_accident on anze.accident_receipt (accident_id);

create table anze.accident_clock (
    id bigint not null generated always as identity,
    accident_id uuid not null,
    kind text not null,
    code text not null,
    rule text collate "C" not null,
    rule_version integer not null,
    immediately boolean not null default false,
    from_level smallint,
    to_level smallint,
    day date,
    required integer,
    starts_from text not null,
    starts_at timestamptz not null,
    due_at timestamptz not null,
    report_number integer not null,
    met_at timestamptz,
    superseded_at timestamptz,
    superseded_by bigint,
    because text,
    planned_at timestamptz not null default clock_timestamp(),
    late interval generated always as (case
        when kind = 'window' or because = 'fact_corrected' then null
        when coalesce(met_at, superseded_at) > due_at then coalesce(met_at, superseded_at) - due_at
    end) stored,
    constraint accident_clock_pkey primary key (id),
    constraint accident_clock_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_clock_rule_fkey foreign key (rule, rule_version) references anze.rule,
    constraint accident_clock_superseded_by_fkey foreign key (superseded_by) references anze.accident_clock,
    constraint accident_clock_kind check (kind in ('report', 'daily', 'window')),
    constraint accident_clock_starts_from check (starts_from in ('learned', 'received', 'grade_changed', 'day',
        'occurred')),
    constraint accident_clock_because check (because in ('grade_changed', 'fact_corrected', 'final')),
    constraint accident_clock_times check (
        due_at >= starts_at and isfinite(due_at) and (because is null) = (superseded_at is null))
);
comment on table anze.accident_clock is
    '时限: a report that is owed by a level, the follow-ups of a day, or the time for supplements';
comment on column anze.accident_clock.immediately is 'the law wants it at once; due_at is the outer bound';
comment on column anze.accident_clock.report_number is 'the report that was the latest when the clock was planned';
comment on column anze.accident_clock.required is 'follow-ups asked for on that day';
comment on column anze.accident_clock.late is 'by how much it ran out before it ended';
comment on constraint accident_clock_pkey on anze.accident_clock is '该时限已存在。 | This clock exists already. | ';
comment on constraint accident_clock_accident_fkey on anze.accident_clock is
    '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_clock_rule_fkey on anze.accident_clock is
    '规则不存在。 | The rule does not exist. | ';
comment on constraint accident_clock_superseded_by_fkey on anze.accident_clock is
    '替代的时限不存在。 | The superseding clock does not exist. | ';
comment on constraint accident_clock_kind on anze.accident_clock is
    '时限类型不在代码表内。 | The kind of clock is not in the code set. | ';
comment on constraint accident_clock_starts_from on anze.accident_clock is
    '起算事由不在代码表内。 | The start of the clock is not in the code set. | ';
comment on constraint accident_clock_because on anze.accident_clock is
    '替代事由不在代码表内。 | The reason of superseding is not in the code set. | ';
comment on constraint accident_clock_times on anze.accident_clock is
    '时限的时间不成立。 | The times of the clock do not hold together. | ';
create index accident_clock_accident on anze.accident_clock (accident_id);

create table anze.accident_recipient (
    accident_id uuid not null,
    level smallint not null,
    code text not null,
    rule text collate "C" not null,
    rule_version integer not null,
    planned_at timestamptz not null default clock_timestamp(),
    told_at timestamptz,
    told_recorded_at timestamptz,
    told_by text,
    told_on_behalf_of text,
    channel text,
    superseded_at timestamptz,
    constraint accident_recipient_pkey primary key (accident_id, level, code),
    constraint accident_recipient_accident_fkey foreign key (accident_id) references anze.accident,
    constraint accident_recipient_rule_fkey foreign key (rule, rule_version) references anze.rule,
    constraint accident_recipient_level_fkey foreign key (level, code) references anze.accident_recipient_rule
);
comment on table anze.accident_recipient is '同时通知对象: whom a level tells, told or not yet told';
comment on constraint accident_recipient_pkey on anze.accident_recipient is
    '该通知对象已存在。 | This recipient exists already. | ';
comment on constraint accident_recipient_accident_fkey on anze.accident_recipient is
    '事故不存在。 | The accident does not exist. | ';
comment on constraint accident_recipient_rule_fkey on anze.accident_recipient is
    '规则不存在。 | The rule does not exist. | ';
comment on constraint accident_recipient_level_fkey on anze.accident_recipient is
    '通知对象不在代码表内。 | The recipient is not in the code set. | /notified';

-- What was written stays -------------------------------------------------------------------------------------------

create function anze.accident_keeps() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger accident_keeps before delete on anze.accident for each row execute function anze.accident_keeps();
create trigger accident_keeps before update or delete on anze.accident_report
    for each row execute function anze.accident_keeps();
create trigger accident_keeps before update or delete on anze.accident_grade_change
    for each row execute function anze.accident_keeps();
create trigger accident_keeps before update or delete on anze.accident_transmission
    for each row execute function anze.accident_keeps();
create trigger accident_keeps before update or delete on anze.accident_receipt
    for each row execute function anze.accident_keeps();
create trigger accident_keeps before delete on anze.accident_clock
    for each row execute function anze.accident_keeps();
create trigger accident_keeps before delete on anze.accident_recipient
    for each row execute function anze.accident_keeps();
do $$
declare
    kept text;
begin
    foreach kept in array array['accident', 'accident_report', 'accident_grade_change', 'accident_transmission',
                                'accident_receipt', 'accident_clock', 'accident_recipient'] loop
        execute format('create trigger accident_keeps_all before truncate on anze.%I
                        for each statement execute function anze.accident_keeps()', kept);
    end loop;
end
$$;

-- A clock is met once and superseded once, and its plan stays as it was.
create function anze.accident_clock_keeps() returns trigger language plpgsql as $$
begin
    if (old.met_at is not null and new.met_at is distinct from old.met_at)
        or (old.superseded_at is not null and new.superseded_at is distinct from old.superseded_at)
        or (old.superseded_by is not null and new.superseded_by is distinct from old.superseded_by)
        or (to_jsonb(new) - '{met_at,superseded_at,superseded_by,because,late}'::text[])
            is distinct from (to_jsonb(old) - '{met_at,superseded_at,superseded_by,because,late}'::text[])
    then
        raise exception 'a clock is never set back' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger accident_clock_keeps before update on anze.accident_clock
    for each row execute function anze.accident_clock_keeps();

create function anze.accident_recipient_keeps() returns trigger language plpgsql as $$
begin
    if old.told_at is not null and (new.told_at, new.told_recorded_at, new.told_by, new.told_on_behalf_of, new.channel)
            is distinct from (old.told_at, old.told_recorded_at, old.told_by, old.told_on_behalf_of, old.channel)
        or (new.accident_id, new.level, new.code, new.planned_at)
            is distinct from (old.accident_id, old.level, old.code, old.planned_at)
    then
        raise exception 'who was told stays told' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger accident_recipient_keeps before update on anze.accident_recipient
    for each row execute function anze.accident_recipient_keeps();

-- Who sees what ----------------------------------------------------------------------------------------------------

alter table anze.accident enable row level security;
alter table anze.accident force row level security;
create policy accident_seen on anze.accident using (anze.can_see(region_code, sector, unit_id));

-- What belongs to an accident is seen with it.
do $$
declare
    part text;
begin
    foreach part in array array['accident_report', 'accident_grade_change', 'accident_transmission',
                                'accident_receipt', 'accident_clock', 'accident_recipient'] loop
        execute format('alter table anze.%I enable row level security', part);
        execute format('alter table anze.%I force row level security', part);
        execute format('create policy %I on anze.%I using (
            exists (select from anze.accident a where a.id = accident_id))', part || '_seen', part);
    end loop;
end
$$;

grant select, insert on anze.accident, anze.accident_report, anze.accident_grade_change, anze.accident_transmission,
    anze.accident_receipt, anze.accident_clock, anze.accident_recipient to anze_service;
grant update on anze.accident to anze_service;
grant update (met_at, superseded_at, superseded_by, because) on anze.accident_clock to anze_service;
grant update (told_at, told_recorded_at, told_by, told_on_behalf_of, channel, superseded_at, rule, rule_version)
    on anze.accident_recipient to anze_service;
