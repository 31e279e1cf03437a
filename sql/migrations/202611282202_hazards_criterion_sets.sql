-- The texts that criteria come from, as wholes: how many items one has, and so whether all of them are entered.
create table anze.hazard_criterion_set (
    code text collate "C" not null,
    in_force daterange not null,
    instrument text collate "C" not null,
    sectors text[],
    lead_sector text,
    item_count integer,
    title_zh text not null,
    title_en text not null,
    confidence text not null,
    note_zh text,
    note_en text,
    is_general_clause boolean not null default false,
    origin text not null default 'shipped',
    reason text,
    version integer not null default 1,
    created_by text default anze.actor(),
    created_at timestamptz not null default now(),
    constraint hazard_criterion_set_pkey primary key (code),
    constraint hazard_criterion_set_code_form check (code ~ '^[A-Z][A-Z0-9]*(\.[A-Z0-9]+)*$' and length(code) <= 60),
    constraint hazard_criterion_set_in_force check (not isempty(in_force) and lower(in_force) is not null),
    constraint hazard_criterion_set_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred,
    constraint hazard_criterion_set_lead_sector_fkey foreign key (lead_sector) references anze.sector
        deferrable initially deferred,
    constraint hazard_criterion_set_item_count check (item_count > 0),
    constraint hazard_criterion_set_confidence check (
        confidence in ('found', 'found-local', 'recalled-high', 'recalled-med', 'recalled-low')),
    constraint hazard_criterion_set_origin check (origin in ('shipped', 'administrator')),
    constraint hazard_criterion_set_reason check (origin = 'shipped' or reason is not null)
);
comment on table anze.hazard_criterion_set is '判定标准文本: a text with criteria, and how many items it has';
comment on column anze.hazard_criterion_set.sectors is 'the sectors that it is for; NULL: every sector';
comment on column anze.hazard_criterion_set.lead_sector is 'whose own text it is, where it is for others too; NULL: of all its sectors';
comment on column anze.hazard_criterion_set.item_count is 'how many items the text has; NULL: not known';
comment on column anze.hazard_criterion_set.is_general_clause is
    'what is major in general: an officer judges by it, with reasons, where no text of the sector is entered whole';
comment on constraint hazard_criterion_set_pkey on anze.hazard_criterion_set is
    '该判定标准文本已存在。 | This set exists already. | /code';
comment on constraint hazard_criterion_set_code_form on anze.hazard_criterion_set is
    '判定标准文本代码格式不正确。 | The code of the set has the wrong form. | /code';
comment on constraint hazard_criterion_set_in_force on anze.hazard_criterion_set is
    '施行期间不能为空。 | The period in force is empty. | /in_force_from';
comment on constraint hazard_criterion_set_instrument_fkey on anze.hazard_criterion_set is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
comment on constraint hazard_criterion_set_lead_sector_fkey on anze.hazard_criterion_set is
    '行业领域不存在。 | The sector does not exist. | /lead_sector';
comment on constraint hazard_criterion_set_item_count on anze.hazard_criterion_set is
    '项数应为正数。 | A text has at least one item. | /item_count';
comment on constraint hazard_criterion_set_confidence on anze.hazard_criterion_set is
    '可信程度不在代码表内。 | The confidence is not in the code set. | /confidence';
comment on constraint hazard_criterion_set_origin on anze.hazard_criterion_set is
    '来源应为 shipped 或 administrator。 | The origin is shipped or administrator. | /origin';
comment on constraint hazard_criterion_set_reason on anze.hazard_criterion_set is
    '修订应说明理由。 | A revision states its reason. | /reason';
grant select on anze.hazard_criterion_set to anze_service;
