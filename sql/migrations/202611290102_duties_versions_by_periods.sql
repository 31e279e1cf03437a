-- From when on a version of a duty counts, and how early what is due may come.

alter table anze.duty
    add column counts_from text not null default 'first_whole_period',
    add column ahead_days integer not null default 0,
    add constraint duty_counts_from check (counts_from in ('first_whole_period', 'running_period')),
    add constraint duty_ahead_days check (ahead_days between 0 and 180);
alter table anze.duty drop constraint duty_counting;
alter table anze.duty add constraint duty_counting check (counting in ('within', 'deliverable', 'planned'));
comment on column anze.duty.counts_from is
    'of a later version: whether the period in which it begins counts by it already, or by the version before';
comment on column anze.duty.ahead_days is
    'how many days before a deliverable''s period ends, or before that of a plan begins, it may come';
comment on column anze.duty.counting is
    'within: it must happen within the period; deliverable: it may come until the due day, and later it is late; planned: a plan of the period, due when it begins';
comment on column anze.duty.due_days is 'days after the end of the period (of a plan: after its beginning) until it is due';
comment on constraint duty_counting on anze.duty is '计数方式不在代码表内。 | The counting is not in the code set. | /counting';
comment on constraint duty_counts_from on anze.duty is
    '起算方式不在代码表内。 | From when it counts is not in the code set. | /counts_from';
comment on constraint duty_ahead_days on anze.duty is
    '提前天数应为 0 至 180。 | The days ahead are 0 to 180. | /ahead_days';
