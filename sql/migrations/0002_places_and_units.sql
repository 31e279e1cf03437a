-- Regions 行政区划, sectors 行业领域 and units 单位.

-- The parts of a division code (GB/T 2260: 150600, 150622; towns 9 digits, villages 12). Generated columns of every
-- table with case data are made by these, NULL where the code does not reach that level.

create function anze.province_of(region_code text) returns text immutable parallel safe strict language sql
return left(region_code, 2);

create function anze.city_of(region_code text) returns text immutable parallel safe strict language sql
return case when substr(region_code, 3, 2) <> '00' then left(region_code, 4) end;

create function anze.county_of(region_code text) returns text immutable parallel safe strict language sql
return case when substr(region_code, 5, 2) <> '00' or length(region_code) > 6 then left(region_code, 6) end;

create function anze.town_of(region_code text) returns text immutable parallel safe strict language sql
return case when length(region_code) > 6 then left(region_code, 9) end;

-- 150000 -> 15, 150600 -> 1506, 150622 and longer as they are: what the codes of everything inside begin with.
create function anze.region_prefix(region_code text) returns text immutable parallel safe strict language sql
return case
    when length(region_code) > 6 then region_code
    when right(region_code, 4) = '0000' then left(region_code, 2)
    when right(region_code, 2) = '00' then left(region_code, 4)
    else region_code
end;

create table anze.region (
    code text collate "C" not null,
    name text collate "C" not null,
    parent_code text collate "C",
    level text not null generated always as (
        case
            when length(code) = 12 then 'village'
            when length(code) = 9 then 'town'
            when right(code, 4) = '0000' then 'province'
            when right(code, 2) = '00' then 'city'
            else 'county'
        end) stored,
    prefix text collate "C" not null generated always as (anze.region_prefix(code)) stored,
    in_force daterange not null default daterange(null, null),
    version integer not null default 1,
    updated_at timestamptz not null default now(),
    constraint region_pkey primary key (code),
    constraint region_parent_fkey foreign key (parent_code) references anze.region,
    constraint region_code_form check (code ~ '^[1-9][0-9]{5}([0-9]{3}([0-9]{3})?)?$'),
    constraint region_parent_contains check (
        parent_code is null
        or (code <> parent_code and starts_with(code, anze.region_prefix(parent_code)))),
    constraint region_name_length check (length(name) between 1 and 100)
);
comment on table anze.region is '行政区划: administrative divisions by their official codes';
comment on column anze.region.prefix is 'what the codes of everything inside begin with: 15, 1506, 150622, 150622101';
comment on constraint region_pkey on anze.region is
    '该行政区划代码已存在。 | This division code exists already. | /code';
comment on constraint region_parent_fkey on anze.region is
    '上级行政区划不存在。 | The parent region does not exist. | /parent_code';
comment on constraint region_code_form on anze.region is
    '行政区划代码应为 6、9 或 12 位数字。 | A division code has 6, 9 or 12 digits. | /code';
comment on constraint region_parent_contains on anze.region is
    '行政区划代码不属于其上级。 | The division code does not lie within its parent. | /parent_code';
comment on constraint region_name_length on anze.region is
    '名称应为 1 至 100 个字。 | A name has 1 to 100 characters. | /name';

create index region_parent on anze.region (parent_code, code);
create index region_level on anze.region (level, code);
create index region_name on anze.region (name, code);
grant select on anze.region to anze_service;

create table anze.sector (
    code text not null,
    title_zh text not null,
    title_en text not null,
    rule_set text not null default 'general',
    gb_t_4754 text,
    in_force daterange not null default daterange(null, null),
    constraint sector_pkey primary key (code),
    constraint sector_code_form check (code ~ '^[a-z][a-z_]{1,40}$'),
    constraint sector_rule_set check (rule_set in ('general', 'coal'))
);
comment on table anze.sector is '行业领域; the sector chooses the rule set that its accidents follow';
comment on column anze.sector.gb_t_4754 is 'prefix of the industry classification GB/T 4754, where the sector is one';
comment on constraint sector_pkey on anze.sector is '该行业领域已存在。 | This sector exists already. | /code';
comment on constraint sector_code_form on anze.sector is
    '行业领域代码格式不正确。 | The sector code has the wrong form. | /code';
comment on constraint sector_rule_set on anze.sector is
    '规则集应为 general 或 coal。 | The rule set is general or coal. | /rule_set';
grant select on anze.sector to anze_service;

-- GB 32100-2015: 17 characters of 0-9 A-Z without I, O, S, V, Z, weighted by 3^(i-1) mod 31, and their check character.
create function anze.credit_code_is_valid(code text) returns boolean immutable parallel safe strict language sql
return code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$' and (
    select sum((strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, i, 1)) - 1)
               * (array[1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1])[i]) % 31 = 0
    from generate_series(1, 18) as i);
comment on function anze.credit_code_is_valid(text) is
    '统一社会信用代码: the check character makes the weighted sum a multiple of 31';

create table anze.unit (
    id uuid not null default gen_random_uuid(),
    kind text not null,
    name text collate "C" not null,
    credit_code text collate "C",
    region_code text collate "C" not null,
    province text collate "C" not null generated always as (anze.province_of(region_code)) stored,
    city text collate "C" generated always as (anze.city_of(region_code)) stored,
    county text collate "C" generated always as (anze.county_of(region_code)) stored,
    town text collate "C" generated always as (anze.town_of(region_code)) stored,
    sector text,
    level text,
    supervision_role text,
    supervised_sectors text[] not null default '{}',
    accountable_to uuid,
    risk_class text,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    is_body boolean not null generated always as (kind not in ('enterprise', 'enterprise_group', 'site')) stored,
    constraint unit_pkey primary key (id),
    constraint unit_credit_code_key unique (credit_code),
    constraint unit_region_fkey foreign key (region_code) references anze.region,
    constraint unit_sector_fkey foreign key (sector) references anze.sector,
    constraint unit_accountable_to_fkey foreign key (accountable_to) references anze.unit,
    constraint unit_kind check (kind in (
        'party_committee', 'government', 'department', 'safety_committee', 'safety_office', 'township',
        'chemical_park', 'enterprise', 'enterprise_group', 'site', 'agency')),
    constraint unit_name_length check (length(name) between 1 and 200),
    constraint unit_credit_code_valid check (anze.credit_code_is_valid(credit_code)),
    constraint unit_level check (level in ('town', 'county', 'city', 'province', 'nation')),
    constraint unit_supervision_role check (supervision_role in ('comprehensive', 'sector')),
    constraint unit_supervised_sectors check (
        supervised_sectors = '{}' or coalesce(supervision_role = 'sector', false)),
    constraint unit_risk_class check (risk_class in ('red', 'orange', 'yellow', 'blue')),
    constraint unit_not_its_own_superior check (accountable_to <> id)
);
comment on table anze.unit is
    '单位: party committees, governments, departments, offices, enterprises and their sites, in one accountability tree';
comment on column anze.unit.region_code is 'the region of its seat 所在地';
comment on column anze.unit.supervision_role is 'comprehensive 综合监管 or sector 行业监管; NULL: supervises nobody';
comment on column anze.unit.accountable_to is 'the unit that it answers to';
comment on column anze.unit.risk_class is '安全风险等级: red, orange, yellow, blue';
comment on column anze.unit.is_body is 'a body of party, state or supervision, which those whom it serves must find';
comment on constraint unit_pkey on anze.unit is '该单位已存在。 | This unit exists already. | /id';
comment on constraint unit_credit_code_key on anze.unit is
    '该统一社会信用代码已登记。 | This unified social credit code is registered already. | /credit_code';
comment on constraint unit_region_fkey on anze.unit is
    '行政区划代码不存在。 | The division code does not exist. | /region_code';
comment on constraint unit_sector_fkey on anze.unit is
    '行业领域不存在。 | The sector does not exist. | /sector';
comment on constraint unit_accountable_to_fkey on anze.unit is
    '责任上级单位不存在。 | The unit that it answers to does not exist. | /accountable_to';
comment on constraint unit_kind on anze.unit is
    '单位类型不在代码表内。 | The kind of unit is not in the code set. | /kind';
comment on constraint unit_name_length on anze.unit is
    '名称应为 1 至 200 个字。 | A name has 1 to 200 characters. | /name';
comment on constraint unit_credit_code_valid on anze.unit is
    '统一社会信用代码的校验位不正确。 | The check character of the unified social credit code is wrong. | /credit_code';
comment on constraint unit_level on anze.unit is
    '层级应为 town、county、city、province 或 nation。 | The level is town, county, city, province or nation. | /level';
comment on constraint unit_supervision_role on anze.unit is
    '监管职责应为综合监管或行业监管。 | The supervision role is comprehensive or sector. | /supervision_role';
comment on constraint unit_supervised_sectors on anze.unit is
    '只有行业监管单位才有监管的行业领域。 | Only a sector supervisor has supervised sectors. | /supervised_sectors';
comment on constraint unit_risk_class on anze.unit is
    '风险等级应为红、橙、黄、蓝。 | The risk class is red, orange, yellow or blue. | /risk_class';
comment on constraint unit_not_its_own_superior on anze.unit is
    '单位不能是自己的责任上级。 | A unit does not answer to itself. | /accountable_to';

-- One index per level and sort order, so that every caller's list is read in order.
create index unit_name on anze.unit (name, id);
create index unit_province_name on anze.unit (province, name, id);
create index unit_city_name on anze.unit (city, name, id);
create index unit_county_name on anze.unit (county, name, id);
create index unit_town_name on anze.unit (town, name, id);
create index unit_updated on anze.unit (updated_at desc, id desc);
create index unit_province_updated on anze.unit (province, updated_at desc, id desc);
create index unit_city_updated on anze.unit (city, updated_at desc, id desc);
create index unit_county_updated on anze.unit (county, updated_at desc, id desc);
create index unit_town_updated on anze.unit (town, updated_at desc, id desc);
create index unit_kind_name on anze.unit (kind, name, id);
create index unit_accountable_to on anze.unit (accountable_to, name, id);
-- The bodies of a region: whom its units report to.
create index unit_bodies on anze.unit (region_code, kind) where is_body;

-- The tree has no cycles: walking upward from the new superior never meets the unit.
create function anze.unit_has_no_cycle() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        with recursive above(id) as (
            select new.accountable_to
            union
            select u.accountable_to from anze.unit u join above on u.id = above.id where u.accountable_to is not null)
        select from above where id = new.id)
    then
        raise check_violation using constraint = 'unit_not_its_own_superior', table = 'unit', schema = 'anze',
            message = 'the accountability tree would have a cycle';
    end if;
    return null;
end
$$;

create constraint trigger unit_has_no_cycle after insert or update of accountable_to on anze.unit
    deferrable initially immediate for each row when (new.accountable_to is not null)
    execute function anze.unit_has_no_cycle();

-- Declared like anze.can_see: its body is in sql/functions/access.sql.
create function anze.can_see_unit(region_code text, sector text, id uuid, is_body boolean) returns boolean
stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;

-- Units are a directory and no case data: row-level security binds the service, and not the owner, so that functions
-- which compute recipients (SECURITY DEFINER) find the bodies that the caller does not see.
alter table anze.unit enable row level security;
create policy unit_seen on anze.unit for select to anze_service
    using (anze.can_see_unit(region_code, sector, id, is_body));
grant select on anze.unit to anze_service;
