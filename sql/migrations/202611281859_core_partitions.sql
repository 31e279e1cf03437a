-- Which tables have a partition for each span of time (sql/functions/core/partition.sql). Hazards had one for each month:
-- over ten years the plan of one list took 2.3 MB of each connection, by years 0.5. Months that exist stay; years follow.

create table anze.partitioned (
    name text not null,
    months smallint not null,
    constraint partitioned_pkey primary key (name),
    constraint partitioned_months check (months in (1, 3, 12))
);
comment on table anze.partitioned is 'the tables that have a partition for each span of so many months';
comment on constraint partitioned_pkey on anze.partitioned is '该表已登记。 | This table is listed already. | ';
comment on constraint partitioned_months on anze.partitioned is
    '分区跨度应为一个月、一个季度或一年。 | A span is a month, a quarter or a year. | /months';
alter table anze.partitioned enable row level security;
alter table anze.partitioned force row level security;
create policy partitioned_owner on anze.partitioned to current_user using (true);

insert into anze.partitioned (name, months) values ('hazard', 12);
