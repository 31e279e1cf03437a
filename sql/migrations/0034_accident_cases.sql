-- What callers may do about an accident, told with it, and the cases that name an accident.

-- The scopes by which an accident goes on, in the order in which actions are shown.
create function anze.accident_scopes() returns text[] immutable parallel safe language sql
return array['accidents:report', 'accidents:correct', 'accidents:transmit', 'accidents:acknowledge'];

create table anze.accident_action (
    operation_id text collate "C" not null,
    scope text not null,
    title_zh text not null,
    title_en text not null,
    field jsonb not null,
    place smallint not null,
    constraint accident_action_pkey primary key (operation_id),
    constraint accident_action_scope check (scope = any (anze.accident_scopes())),
    constraint accident_action_place_key unique (place)
);
comment on table anze.accident_action is
    '事故可执行动作: the operations by which an accident goes on, as getAccident tells who may take them';
comment on column anze.accident_action.field is
    'what the caller chooses: a parameter or body member of the operation, like a field of case_action';
comment on constraint accident_action_pkey on anze.accident_action is '该动作已存在。 | This action exists already. | ';
comment on constraint accident_action_scope on anze.accident_action is
    '该权限不用于事故处置。 | No accident goes on by this scope. | /scope';
comment on constraint accident_action_place_key on anze.accident_action is '次序重复。 | The place is taken. | ';
grant select on anze.accident_action to anze_service;

-- What one reads of an accident lies in one value, so that reading it stays one fetch: the part that all readers share,
-- and then, for each scope and level, what a caller may do. An accident that has not changed since has the first alone.
alter table anze.accident alter column document drop default;
alter table anze.accident alter column document type text[] using array[document];
alter table anze.accident alter column document set default '{}';
alter table anze.accident alter column document set storage external;
comment on column anze.accident.document is
    'as one reads it, without what depends on the present moment: for all, then what may be done (anze.accident_offers)';

-- A case names an accident among its facts (挂牌督办 of concealment, 当作事故对待). Equality of uuid is leakproof: the
-- index serves under row-level security too.
alter table anze.case_file add column accident_id uuid generated always as (
    case when facts ->> 'accident_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
         then (facts ->> 'accident_id')::uuid end) stored;
create index case_file_accident on anze.case_file (accident_id, opened_at) where accident_id is not null;

-- A case that was merged into another is parted from it where that was wrong: its clocks go on as if nothing had been.
alter table anze.case_state add column holds_clocks boolean not null default false;
comment on column anze.case_state.holds_clocks is
    'no clock runs in it: those that ran are superseded, and go on by their old day when the case leaves it';
