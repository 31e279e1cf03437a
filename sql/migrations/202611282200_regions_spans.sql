-- A code of a division means one division from a day to a day, and may be given out again. anze.region keeps the latest
-- meaning, to which other tables refer; anze.region_span has all of them.

create table anze.region_span (
    id uuid not null default gen_random_uuid(),
    code text collate "C" not null,
    name text collate "C" not null,
    parent_code text collate "C",
    in_force daterange not null default daterange(null, null),
    version integer not null default 1,
    updated_at timestamptz not null default now(),
    constraint region_span_pkey primary key (id),
    constraint region_span_code_form check (code ~ '^[1-9][0-9]{5}([0-9]{3}([0-9]{3})?)?$'),
    constraint region_span_code_padded check (length(code) = 6 or right(code, 3) <> '000'),
    constraint region_span_parent_contains check (
        parent_code is null
        or (code <> parent_code and starts_with(code, anze.region_prefix(parent_code)))),
    constraint region_span_name_length check (length(name) between 1 and 100),
    constraint region_span_some_day check (not isempty(in_force)),
    constraint region_span_one_a_day exclude using gist (code with =, in_force with &&) deferrable initially immediate
);
comment on table anze.region_span is '行政区划沿革: what a code of a division meant from day to day; until is not within';
comment on constraint region_span_pkey on anze.region_span is '该时期已存在。 | This period exists already. | /code';
comment on constraint region_span_code_form on anze.region_span is
    '行政区划代码应为 6、9 或 12 位数字。 | A division code has 6, 9 or 12 digits. | /code';
comment on constraint region_span_code_padded on anze.region_span is
    '代码末三位为 000，是上级的补位代码。 | A code that ends in 000 is that of a higher level, padded with zeros. | /code';
comment on constraint region_span_parent_contains on anze.region_span is
    '行政区划代码不属于其上级。 | The division code does not lie within its parent. | /parent_code';
comment on constraint region_span_name_length on anze.region_span is
    '名称应为 1 至 100 个字。 | A name has 1 to 100 characters. | /name';
comment on constraint region_span_some_day on anze.region_span is
    '失效日期应晚于生效日期。 | It ends after it begins. | /until';
comment on constraint region_span_one_a_day on anze.region_span is
    '该代码在同一日期已有含义。 | The code means something on such a day already. | /from';
create index region_span_code on anze.region_span (code);
grant select on anze.region_span to anze_service;

insert into anze.region_span (code, name, parent_code, in_force, version, updated_at)
select r.code, r.name, r.parent_code, r.in_force, r.version, r.updated_at from anze.region r;
