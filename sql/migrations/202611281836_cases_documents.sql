-- A kind of case is one document: the columns that its states, actions and clocks gained, who wrote a version, and the
-- registers of what a document may name (scopes, kinds of evidence, guards, effects and moments, powers of bodies).

alter table anze.case_kind
    add column origin text not null default 'shipped',
    add column reason text,
    add constraint case_kind_origin check (origin in ('shipped', 'administrator')),
    add constraint case_kind_reason check (origin = 'shipped' or reason is not null);
comment on column anze.case_kind.origin is 'a kind that an administrator wrote is left alone by newer releases';
comment on constraint case_kind_origin on anze.case_kind is '来源不在代码表内。 | The origin is not in the code set. | /origin';
comment on constraint case_kind_reason on anze.case_kind is '请说明修订理由。 | Say why it is revised. | /reason';

alter table anze.case_action
    add column goes_back boolean not null default false,
    add column formerly text[] not null default '{}',
    add column guards text[] not null default '{}',
    add column basis jsonb,
    add constraint case_action_goes_one_way check (not goes_back or to_state is null);
comment on column anze.case_action.goes_back is 'to the state from which the case came into its present one';
comment on column anze.case_action.formerly is 'names that earlier events have for what this action is now';
comment on column anze.case_action.guards is
    'functions anze.case_guard_<name>(case): why it may not happen now, or NULL; no action is offered that one refuses';
comment on column anze.case_action.basis is 'the article that gives this action: {"instrument", "article", "confidence"}';
comment on constraint case_action_goes_one_way on anze.case_action is
    '返回原状态的动作不能另设去向。 | An action that goes back names no other state. | /to_state';

-- What a document may name ---------------------------------------------------------------------------------------------

create table anze.scope (
    code text collate "C" not null,
    constraint scope_pkey primary key (code),
    constraint scope_form check (code ~ '^[a-z]+:[a-z]+$')
);
comment on table anze.scope is '权限: the scopes that roles of the contract have; the build writes them from it';
comment on constraint scope_pkey on anze.scope is '该权限已存在。 | This scope exists already. | ';
comment on constraint scope_form on anze.scope is '权限格式不正确。 | The scope has the wrong form. | ';

create table anze.evidence_kind (
    code text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    constraint evidence_kind_pkey primary key (code),
    constraint evidence_kind_form check (code ~ '^[a-z][a-z0-9_]{0,40}$')
);
comment on table anze.evidence_kind is '佐证材料种类: the kinds that the rules of cases ask for';
comment on constraint evidence_kind_pkey on anze.evidence_kind is '该材料种类已存在。 | This kind exists already. | /code';
comment on constraint evidence_kind_form on anze.evidence_kind is '代码格式不正确。 | The code has the wrong form. | /code';

create table anze.case_hook (
    sort text collate "C" not null,
    code text collate "C" not null,
    title_zh text not null,
    title_en text not null,
    asks text[] not null default '{}',
    sets text[] not null default '{}',
    checks boolean not null default false,
    constraint case_hook_pkey primary key (sort, code),
    constraint case_hook_sort check (sort in ('guard', 'effect'))
);
comment on table anze.case_hook is
    '案件规则函数: functions that documents of kinds name: anze.case_guard_<code>(case), anze.case_effect_<code>(case, event)';
comment on column anze.case_hook.asks is
    'fields that the action must have, since the effect reads them';
comment on column anze.case_hook.sets is 'days that an effect keeps among the facts of the case, which a clock may read';
comment on column anze.case_hook.checks is
    'an effect that looks at what is said before anything is written: anze.case_check_<code>(case, event) returns faults';
comment on constraint case_hook_pkey on anze.case_hook is '该函数已登记。 | This function is registered already. | /code';
comment on constraint case_hook_sort on anze.case_hook is '类别不在代码表内。 | The sort is not in the code set. | /sort';

create table anze.body_power (
    unit_kind text not null,
    power text collate "C" not null,
    instrument text not null,
    article text,
    confidence text not null,
    constraint body_power_pkey primary key (unit_kind, power),
    constraint body_power_known check (power in ('inspect', 'order', 'fine', 'coordinate')),
    constraint body_power_instrument_fkey foreign key (instrument) references anze.instrument deferrable initially deferred
);
comment on table anze.body_power is
    '机构职权: what a body of a kind may do: inspect 检查, order 责令, fine 处罚, coordinate 协调';
comment on constraint body_power_pkey on anze.body_power is '该职权已登记。 | This power is registered already. | /power';
comment on constraint body_power_known on anze.body_power is '职权不在代码表内。 | The power is not in the code set. | /power';
comment on constraint body_power_instrument_fkey on anze.body_power is
    '法规标准不存在。 | The instrument does not exist. | /instrument';

grant select on anze.scope, anze.evidence_kind, anze.case_hook, anze.body_power to anze_service;
