-- A region's stricter figure counts for its accidents and cases: functions of the law take the region.

create table anze.accident_telling (
    level smallint not null,
    recipients_of smallint not null,
    instrument text collate "C" not null,
    article text not null,
    confidence text not null,
    constraint accident_telling_pkey primary key (level, recipients_of),
    constraint accident_telling_level_fkey foreign key (level) references anze.level deferrable initially deferred,
    constraint accident_telling_recipients_fkey foreign key (recipients_of) references anze.level
        deferrable initially deferred,
    constraint accident_telling_instrument_fkey foreign key (instrument) references anze.instrument
        deferrable initially deferred
);
comment on table anze.accident_telling is
    '通报分工: a level of government tells the recipients of these levels (accident_recipient_rule.level)';
comment on constraint accident_telling_pkey on anze.accident_telling is '该分工已存在。 | It exists already. | /level';
comment on constraint accident_telling_level_fkey on anze.accident_telling is '没有该层级。 | There is no such level. | /level';
comment on constraint accident_telling_recipients_fkey on anze.accident_telling is
    '没有该层级。 | There is no such level. | /recipients_of';
comment on constraint accident_telling_instrument_fkey on anze.accident_telling is
    '法规标准不存在。 | The instrument does not exist. | /instrument';
grant select on anze.accident_telling to anze_service;

