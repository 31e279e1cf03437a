-- What a report says came about when, and when it was told: neither is when it was entered.
alter table anze.accident_report
    add column came_about_at timestamptz,
    add column told_at timestamptz,
    add column channel text,
    add constraint accident_report_channel check (channel in ('phone', 'text')) not valid;
comment on column anze.accident_report.came_about_at is
    'when the casualties came about of which it tells; NULL: at its moment, or, of an accident that became known after the '
    'time for supplements, with the accident';
comment on column anze.accident_report.told_at is 'when an authority was told, before it was entered; NULL: when it was entered';
comment on constraint accident_report_channel on anze.accident_report is
    '接报方式应为电话或书面。 | It was told by telephone or in writing. | /channel';
