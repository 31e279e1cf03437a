-- What follows the change of a unit (or of its people): domains register here and are called by anze.follow_unit.

create table anze.unit_follower (
    name text not null,
    place smallint not null,
    title_zh text not null,
    title_en text not null,
    constraint unit_follower_pkey primary key (name),
    constraint unit_follower_name_form check (name ~ '^[a-z][a-z_]{1,40}$')
);
comment on table anze.unit_follower is
    '单位变更后的联动: each row names a function anze.<name>_follow(unit_id uuid, from_day date), called in order of place';
comment on constraint unit_follower_pkey on anze.unit_follower is '该联动已登记。 | This follower exists already. | /name';
comment on constraint unit_follower_name_form on anze.unit_follower is '名称格式不正确。 | The name has the wrong form. | /name';
