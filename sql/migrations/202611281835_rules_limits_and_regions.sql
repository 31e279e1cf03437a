-- A figure has limits, by its unit or its own; it may be of one region, beside the nation's; and what was entered wrongly
-- can be taken back within its day.

create table anze.rule_unit (
    code text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    kind text not null,
    minimum numeric not null,
    maximum numeric not null,
    is_whole boolean not null,
    place integer not null,
    constraint rule_unit_pkey primary key (code),
    constraint rule_unit_kind check (kind in ('duration', 'count', 'money', 'share', 'score', 'rank', 'calendar', 'length', 'truth')),
    constraint rule_unit_limits check (minimum <= maximum)
);
comment on table anze.rule_unit is '计量单位: what figures of the law are counted in, and how small and great they may be';
comment on column anze.rule_unit.kind is
    'duration: a term; count, money, share (percent), score; rank: a level; calendar: a day or month by its number; length; truth: 0 or 1';
comment on constraint rule_unit_pkey on anze.rule_unit is '该计量单位已存在。 | This unit exists already. | /unit';
comment on constraint rule_unit_kind on anze.rule_unit is
    '计量单位类别不在代码表内。 | The kind of unit is not in the code set. | /kind';
comment on constraint rule_unit_limits on anze.rule_unit is
    '最小值应不大于最大值。 | The minimum is no more than the maximum. | /minimum';
grant select on anze.rule_unit to anze_service;

create table anze.rule_limit (
    prefix text collate "C" not null,
    minimum numeric,
    maximum numeric,
    is_whole boolean,
    stricter text,
    constraint rule_limit_pkey primary key (prefix),
    constraint rule_limit_order check (minimum <= maximum),
    constraint rule_limit_stricter check (stricter in ('less', 'more'))
);
comment on table anze.rule_limit is
    'limits of the rules whose code begins with this, where they are other than their unit''s; the longest prefix counts';
comment on column anze.rule_limit.stricter is
    'which of two figures is the stricter one, the lesser or the greater; NULL: neither, so no region has its own';
comment on constraint rule_limit_pkey on anze.rule_limit is '该规则的限值已存在。 | This limit exists already. | /prefix';
comment on constraint rule_limit_order on anze.rule_limit is
    '最小值应不大于最大值。 | The minimum is no more than the maximum. | /minimum';
comment on constraint rule_limit_stricter on anze.rule_limit is
    '从严方向应为 less 或 more。 | The stricter side is less or more. | /stricter';
grant select on anze.rule_limit to anze_service;

-- What is in force already has the widest limits until the data says its own (rules/limits.sql); it also names the units.
insert into anze.rule_unit (code, title_zh, title_en, kind, minimum, maximum, is_whole, place)
select distinct r.unit, r.unit, r.unit, 'count', -1e15, 1e15, false, 0 from anze.rule r;

alter table anze.rule
    add column region_code text collate "C",
    add column region_prefix text collate "C" generated always as (anze.region_prefix(region_code)) stored,
    add column minimum numeric not null default -1e15,
    add column maximum numeric not null default 1e15,
    add column is_whole boolean not null default false,
    add column stricter text,
    add column replaced_by integer,
    drop constraint rule_unit,
    drop constraint rule_in_force,
    drop constraint rule_one_in_force,
    add constraint rule_unit_fkey foreign key (unit) references anze.rule_unit deferrable initially deferred,
    add constraint rule_region_fkey foreign key (region_code) references anze.region,
    add constraint rule_replaced_by_fkey foreign key (code, replaced_by) references anze.rule deferrable initially deferred,
    add constraint rule_in_force check (isempty(in_force) = (replaced_by is not null)),
    add constraint rule_value_limits check (value between minimum and maximum),
    add constraint rule_value_whole check (not is_whole or value = trunc(value)),
    add constraint rule_one_in_force exclude using gist (code with =, coalesce(region_code, '') with =, in_force with &&);
comment on column anze.rule.region_code is 'NULL: the nation''s; else the figure of one region, which counts where it is stricter';
comment on column anze.rule.replaced_by is
    'the version that took the place of this one, which was entered wrongly; its period is empty, the audit has what it was';
comment on column anze.rule.minimum is 'from anze.rule_limit and anze.rule_unit by a trigger, like maximum, is_whole and stricter';
comment on constraint rule_unit_fkey on anze.rule is
    '计量单位不在代码表内。 | The unit of the value is not in the code set. | /unit';
comment on constraint rule_region_fkey on anze.rule is '没有该行政区划。 | There is no such region. | /region_code';
comment on constraint rule_replaced_by_fkey on anze.rule is
    '没有替换它的版本。 | The version that takes its place does not exist. | /replaced_by';
comment on constraint rule_in_force on anze.rule is
    '施行期间不能为空。 | The period in force is empty. | /in_force_from';
comment on constraint rule_value_limits on anze.rule is '数值超出允许的范围。 | The value is out of its limits. | /value';
comment on constraint rule_value_whole on anze.rule is '数值应为整数。 | The value is a whole number. | /value';
comment on constraint rule_one_in_force on anze.rule is
    '与该规则另一版本的施行期间重叠。 | Overlaps another version of the rule. | /in_force_from';
