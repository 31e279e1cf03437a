-- Rows on which a step of the sweep failed: they wait here, and the step goes on with the others.
create table anze.set_aside (
    id uuid not null default gen_random_uuid(),
    step text collate "C" not null,
    subject text collate "C" not null,
    row_id text collate "C" not null,
    sqlstate text collate "C" not null,
    fault text,
    since timestamptz not null default clock_timestamp(),
    tries integer not null default 1,
    tried_at timestamptz not null default clock_timestamp(),
    again_at timestamptz not null,
    constraint set_aside_pkey primary key (id),
    constraint set_aside_row_key unique (step, row_id),
    constraint set_aside_tries check (tries > 0)
);
comment on table anze.set_aside is '搁置项: rows on which a step of the sweep failed, tried again after growing time';
comment on column anze.set_aside.subject is 'what the row is: a unit, or a subject whose clock it is, or a table';
comment on column anze.set_aside.fault is
    'the table and the constraint that refused it. Not the message: it may quote what people wrote';
comment on constraint set_aside_pkey on anze.set_aside is '该搁置项已存在。 | This row is set aside already. | /id';
comment on constraint set_aside_row_key on anze.set_aside is '该搁置项已存在。 | This row is set aside already. | /row_id';
comment on constraint set_aside_tries on anze.set_aside is '次数无效。 | It was tried at least once. | /tries';
create index set_aside_since on anze.set_aside (since desc, id desc);
grant select on anze.set_aside to anze_service;
drop function if exists anze.tell(anze.subject, uuid[], timestamptz);
