-- What a revision of a rule leaves to the sweeper: clocks that a version had planned which was taken back, and times of
-- notices that were reckoned by another figure.
create table anze.rule_work (
    code text collate "C" not null,
    version integer not null,
    step smallint not null default 0,
    after uuid not null default '00000000-0000-0000-0000-000000000000',
    constraint rule_work_pkey primary key (code, version),
    constraint rule_work_rule_fkey foreign key (code, version) references anze.rule on delete cascade
);
comment on table anze.rule_work is '规则修订后的重算: revisions whose clocks and notices the sweeper still has to look at';
comment on column anze.rule_work.step is '0: clocks; then the place of the subject (anze.subject) whose notices are looked at';
comment on column anze.rule_work.after is 'as far as the step has come, by the id';
comment on constraint rule_work_pkey on anze.rule_work is '该修订已在重算。 | This revision is being followed. | /version';
comment on constraint rule_work_rule_fkey on anze.rule_work is '没有该规则版本。 | There is no such version. | /version';
