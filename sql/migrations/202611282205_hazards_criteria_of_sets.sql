-- Each criterion is an item of a text, shipped with the program or set by an administrator.
alter table anze.hazard_criterion
    add column set_code text collate "C",
    add column origin text not null default 'shipped',
    add column reason text,
    add column created_by text,
    add column created_at timestamptz not null default now(),
    add constraint hazard_criterion_set_fkey foreign key (set_code) references anze.hazard_criterion_set
        deferrable initially deferred,
    add constraint hazard_criterion_origin check (origin in ('shipped', 'administrator')),
    add constraint hazard_criterion_reason check (origin = 'shipped' or reason is not null);
comment on column anze.hazard_criterion.set_code is 'the text that it is an item of';
comment on column anze.hazard_criterion.origin is 'shipped with the program, or set by an administrator, which shipping never undoes';
comment on constraint hazard_criterion_set_fkey on anze.hazard_criterion is
    '判定标准文本不存在。 | The set does not exist. | /set';
comment on constraint hazard_criterion_origin on anze.hazard_criterion is
    '来源应为 shipped 或 administrator。 | The origin is shipped or administrator. | /origin';
comment on constraint hazard_criterion_reason on anze.hazard_criterion is
    '修订应说明理由。 | A revision states its reason. | /reason';
create index hazard_criterion_of_set on anze.hazard_criterion (set_code, code);
