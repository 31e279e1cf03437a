-- What a change of the rules of lights leaves to the sweeper: the day from which the units of a place are judged by it.
create table anze.light_work (
    id bigint not null generated always as identity,
    begins_on date not null,
    region_prefix text collate "C" not null,
    after uuid not null default '00000000-0000-0000-0000-000000000000',
    constraint light_work_pkey primary key (id),
    constraint light_work_once unique (begins_on, region_prefix)
);
comment on table anze.light_work is '亮灯规则变更后的重判: days on which what lights are judged by changes, and where';
comment on column anze.light_work.region_prefix is 'how the regions begin whose units are judged anew; empty: all';
comment on column anze.light_work.after is 'as far as it has come, by the unit';
comment on constraint light_work_pkey on anze.light_work is '该重判已登记。 | This is being followed. | ';
comment on constraint light_work_once on anze.light_work is '当日该地区已登记重判。 | The place is judged anew on that day already. | ';

-- Versions that begin on a day to come and were entered before.
insert into anze.light_work (begins_on, region_prefix)
select distinct lower(r.in_force), coalesce(r.region_prefix, '')
from anze.rule r
where lower(r.in_force) > (now() at time zone 'Asia/Shanghai')::date
    and (r.code = 'LIGHT.WINDOW' or r.code in (select l.threshold_rule from anze.light_rule l));
