-- The figures of the law as rows, each with its article and the dates between which it is in force. What was in force
-- when the fact happened is what counts.

create table anze.instrument (
    code text collate "C" not null,
    title text not null,
    number text,
    issued_by text not null,
    in_force daterange not null,
    superseded_by text collate "C",
    constraint instrument_pkey primary key (code),
    constraint instrument_superseded_by_fkey foreign key (superseded_by) references anze.instrument
        deferrable initially deferred,
    constraint instrument_code_form check (code ~ '^[A-Z0-9][A-Z0-9.-]{1,60}$'),
    constraint instrument_in_force check (not isempty(in_force))
);
comment on table anze.instrument is '法规标准: laws, regulations, standards and notices that rules rest on';
comment on constraint instrument_pkey on anze.instrument is
    '该法规标准已存在。 | This instrument exists already. | /instrument';
comment on constraint instrument_superseded_by_fkey on anze.instrument is
    '替代的法规标准不存在。 | The superseding instrument does not exist. | /superseded_by';
comment on constraint instrument_code_form on anze.instrument is
    '法规标准代码格式不正确。 | The instrument code has the wrong form. | /code';
comment on constraint instrument_in_force on anze.instrument is
    '施行期间不能为空。 | The period in force is empty. | /in_force';
grant select on anze.instrument to anze_service;

create table anze.rule (
    code text collate "C" not null,
    version integer not null default 1,
    in_force daterange not null,
    title_zh text not null,
    title_en text not null,
    value numeric,
    unit text not null,
    instrument text collate "C" not null,
    article text not null,
    confidence text not null,
    note_zh text,
    note_en text,
    origin text not null default 'shipped',
    reason text,
    created_by text default anze.actor(),
    created_at timestamptz not null default now(),
    constraint rule_pkey primary key (code, version),
    -- Deferred: the files of sql/data are loaded in the order of their names.
    constraint rule_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred,
    constraint rule_one_in_force exclude using gist (code with =, in_force with &&),
    constraint rule_code_form check (code ~ '^[A-Z][A-Z0-9]*(\.[A-Z0-9]+)+$'),
    constraint rule_version_positive check (version > 0),
    constraint rule_in_force check (not isempty(in_force)),
    constraint rule_value_finite check (value > '-1e15'::numeric and value < '1e15'::numeric),
    constraint rule_unit check (unit in (
        'hour', 'day', 'workday', 'month', 'year', 'minute', 'person', 'cny', 'count', 'per_day', 'level', 'percent',
        'boolean')),
    constraint rule_confidence check (confidence in (
        'found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low')),
    constraint rule_origin check (origin in ('shipped', 'administrator')),
    constraint rule_reason check (origin = 'shipped' or reason is not null)
);
comment on table anze.rule is '规则: one figure of the law, by versions whose periods never overlap';
comment on column anze.rule.confidence is
    'found: seen in the national text; found-local: in a local or secondary one; recalled-*: not seen, confirm it';
comment on column anze.rule.origin is 'shipped with the program, or set by an administrator, which shipping never undoes';
comment on constraint rule_pkey on anze.rule is
    '该规则的这一版本已存在。 | This version of the rule exists already. | /version';
comment on constraint rule_instrument_fkey on anze.rule is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint rule_one_in_force on anze.rule is
    '与该规则另一版本的施行期间重叠。 | Overlaps another version of the rule. | /in_force_from';
comment on constraint rule_code_form on anze.rule is
    '规则代码格式不正确。 | The rule code has the wrong form. | /code';
comment on constraint rule_version_positive on anze.rule is
    '版本号从 1 开始。 | Versions count from 1. | /version';
comment on constraint rule_in_force on anze.rule is
    '施行期间不能为空。 | The period in force is empty. | /in_force_from';
comment on constraint rule_value_finite on anze.rule is
    '数值超出范围。 | The value is out of range. | /value';
comment on constraint rule_unit on anze.rule is
    '计量单位不在代码表内。 | The unit of the value is not in the code set. | /unit';
comment on constraint rule_confidence on anze.rule is
    '可信度不在代码表内。 | The confidence is not in the code set. | /confidence';
comment on constraint rule_origin on anze.rule is
    '来源应为 shipped 或 administrator。 | The origin is shipped or administrator. | /origin';
comment on constraint rule_reason on anze.rule is
    '修订应说明理由。 | A revision states its reason. | /reason';
create index rule_instrument on anze.rule (instrument, code, version);
create index rule_confidence on anze.rule (confidence, code, version);
grant select on anze.rule to anze_service;

create table anze.accident_category (
    standard text not null,
    code text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    in_force daterange not null,
    supplement_kind text,
    confidence text not null,
    constraint accident_category_pkey primary key (standard, code),
    constraint accident_category_standard check (standard in ('GB/T 6441-1986', 'GB 6441-2025')),
    constraint accident_category_code_form check (code ~ '^[0-9]{2}$'),
    constraint accident_category_supplement_kind check (supplement_kind in ('road_traffic', 'fire')),
    constraint accident_category_confidence check (confidence in (
        'found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low'))
);
comment on table anze.accident_category is '事故类别: classes of accidents by the standard in force on its day';
comment on column anze.accident_category.supplement_kind is
    'the kinds whose casualties are supplemented within 7 days instead of 30: road traffic and fire';
comment on constraint accident_category_pkey on anze.accident_category is
    '该事故类别已存在。 | This accident category exists already. | /category';
comment on constraint accident_category_standard on anze.accident_category is
    '事故分类标准不在代码表内。 | The classification standard is not in the code set. | /standard';
comment on constraint accident_category_code_form on anze.accident_category is
    '事故类别代码为两位数字。 | The code of an accident category has two digits. | /category';
comment on constraint accident_category_supplement_kind on anze.accident_category is
    '补报类型应为道路交通或火灾。 | The kind of supplement is road traffic or fire. | /supplement_kind';
comment on constraint accident_category_confidence on anze.accident_category is
    '可信度不在代码表内。 | The confidence is not in the code set. | /confidence';
grant select on anze.accident_category to anze_service;
