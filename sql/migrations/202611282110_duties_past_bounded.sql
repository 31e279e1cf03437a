-- What obligations were is kept by years, by when each span began: its key has that already, since ranges are ordered by
-- where they begin. The table of before becomes the partition of all until the end of this year, as it is; what a partition
-- may hold is known of it beforehand, so that it is not read while everybody waits.

alter table anze.partitioned add column past_until timestamptz not null default '-infinity';
comment on column anze.partitioned.past_until is
    'where the partition of all before ends, if it was a table before there were partitions: until then none is missing';

do $$
declare
    year constant integer := extract(year from now() at time zone 'Asia/Shanghai' + interval '1 month') + 1;
    ends_at constant timestamptz := make_timestamptz(year, 1, 1, 0, 0, 0, 'Asia/Shanghai');
begin
    execute format('alter table anze.obligation_past add constraint obligation_past_before check (was < %L::tstzrange) not valid',
                   tstzrange(ends_at, ends_at, '[]'));
    insert into anze.partitioned (name, months, past_until) values ('obligation_past', 12, ends_at);
end
$$;
