-- What is told at once, and not because something is owed, is an alert.
alter table anze.notice_stage
    drop constraint notice_stage_kind,
    add constraint notice_stage_kind check (kind in ('reminder', 'warning', 'escalation', 'alert'));
comment on constraint notice_stage_kind on anze.notice_stage is '类型不在代码表内。 | The kind is not in the code set. | /kind';
alter table anze.subject
    drop constraint subject_clocks,
    add constraint subject_clocks check (clocks in ('obligation', 'deadline', 'accident_alert'));
comment on constraint subject_clocks on anze.subject is
    '时限所在不在代码表内。 | Where its clocks are is not in the code set. | /clocks';
