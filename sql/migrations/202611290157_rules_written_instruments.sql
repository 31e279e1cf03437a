-- Instruments as administrators write them, with their title in English too.
alter table anze.instrument
    add column title_en text,
    add column origin text not null default 'shipped',
    add column reason text,
    add column version integer not null default 1,
    add constraint instrument_origin check (origin in ('shipped', 'administrator')),
    add constraint instrument_reason check (origin = 'shipped' or reason is not null);
comment on column anze.instrument.origin is 'what an administrator wrote no release changes';
comment on constraint instrument_origin on anze.instrument is '来源不在代码表内。 | The origin is not in the code set. | /origin';
comment on constraint instrument_reason on anze.instrument is '请说明理由。 | Say why. | /reason';
