-- An ordinary accident that moves the public is telephoned to the province like a larger one (order 21, article 8).
alter table anze.accident add column socially_major_at timestamptz;
comment on column anze.accident.socially_major_at is '社会影响重大: since when that was said; NULL: it is not';
alter table anze.accident_clock_rule add column if_socially_major boolean not null default false;
comment on column anze.accident_clock_rule.if_socially_major is 'also for lower grades where the accident is socially major';
