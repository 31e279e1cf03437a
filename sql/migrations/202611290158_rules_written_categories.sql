-- Categories of accidents as administrators write them: which instrument they rest on beside their standard.
alter table anze.accident_category
    add column instrument text collate "C",
    add column origin text not null default 'shipped',
    add column reason text,
    add column version integer not null default 1,
    add constraint accident_category_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred,
    add constraint accident_category_in_force check (not isempty(in_force)),
    add constraint accident_category_origin check (origin in ('shipped', 'administrator')),
    add constraint accident_category_reason check (origin = 'shipped' or reason is not null);
comment on column anze.accident_category.origin is 'what an administrator wrote no release changes';
comment on constraint accident_category_instrument_fkey on anze.accident_category is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint accident_category_in_force on anze.accident_category is
    '停止施行日不能早于施行日。 | It does not end before it begins. | /in_force_until';
comment on constraint accident_category_origin on anze.accident_category is
    '来源不在代码表内。 | The origin is not in the code set. | /origin';
comment on constraint accident_category_reason on anze.accident_category is '请说明理由。 | Say why. | /reason';
