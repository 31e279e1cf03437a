-- Sectors as administrators write them: which instrument they rest on, who wrote them and why.
alter table anze.sector
    add column instrument text collate "C",
    add column origin text not null default 'shipped',
    add column reason text,
    add column version integer not null default 1,
    add constraint sector_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred,
    add constraint sector_in_force check (not isempty(in_force)),
    add constraint sector_origin check (origin in ('shipped', 'administrator')),
    add constraint sector_reason check (origin = 'shipped' or reason is not null);
comment on column anze.sector.origin is 'what an administrator wrote no release changes';
comment on constraint sector_instrument_fkey on anze.sector is '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint sector_in_force on anze.sector is '停止施行日不能早于施行日。 | It does not end before it begins. | /in_force_until';
comment on constraint sector_origin on anze.sector is '来源不在代码表内。 | The origin is not in the code set. | /origin';
comment on constraint sector_reason on anze.sector is '请说明理由。 | Say why. | /reason';
