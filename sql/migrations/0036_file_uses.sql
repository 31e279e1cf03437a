-- What a file is evidence of. Who sees the case, the record or the excuse sees its papers, whoever uploaded them.
create table anze.file_use (
    file_id uuid not null,
    case_id uuid,
    record_id uuid,
    excuse_id uuid,
    offices_only boolean not null default false,
    constraint file_use_key unique nulls not distinct (file_id, case_id, record_id, excuse_id),
    constraint file_use_file_fkey foreign key (file_id) references anze.file,
    constraint file_use_case_fkey foreign key (case_id) references anze.case_file,
    constraint file_use_record_fkey foreign key (record_id) references anze.duty_record,
    constraint file_use_excuse_fkey foreign key (excuse_id) references anze.excuse,
    constraint file_use_of_one check (num_nonnulls(case_id, record_id, excuse_id) = 1)
);
comment on table anze.file_use is
    '文件引用: what a file is evidence of, written with the evidence; found by the file, through its only index';
comment on column anze.file_use.offices_only is
    'what came with a tip: the unit that it is about does not see it, since it may tell who gave the tip';
comment on constraint file_use_key on anze.file_use is '该引用已存在。 | This use exists already. | ';
comment on constraint file_use_file_fkey on anze.file_use is '文件不存在。 | The file does not exist. | /evidence';
comment on constraint file_use_case_fkey on anze.file_use is '案件不存在。 | The case does not exist. | ';
comment on constraint file_use_record_fkey on anze.file_use is '履职记录不存在。 | The record does not exist. | ';
comment on constraint file_use_excuse_fkey on anze.file_use is '免责申请不存在。 | The excuse does not exist. | ';
comment on constraint file_use_of_one on anze.file_use is
    '引用应属于一个案件、一条记录或一项申请。 | A use is by one case, one record or one excuse. | ';
alter table anze.file_use enable row level security;
alter table anze.file_use force row level security;
-- Nobody reads it but the function below.
create policy file_use_owner on anze.file_use to current_user using (true);

do $$
begin
    perform set_config('anze.reach', 'service', true);
    insert into anze.file_use (file_id, case_id, record_id, excuse_id, offices_only)
    select f.id, u.case_id, u.record_id, u.excuse_id, bool_and(u.is_of_tip)
    from (
        select e.case_id, null::uuid as record_id, null::uuid as excuse_id, e.evidence,
            e.action = 'opened' and coalesce(e.content ->> 'source' = 'tip', false) as is_of_tip
        from anze.case_event e
        union all
        select null, r.id, null, r.evidence_files, false from anze.duty_record r
        union all
        select null, null, x.id, x.evidence_files, false from anze.excuse x) u
    cross join jsonb_array_elements(u.evidence) p(paper)
    join anze.file f on f.id = (p.paper ->> 'file_id')::uuid
    group by f.id, u.case_id, u.record_id, u.excuse_id;
    perform set_config('anze.reach', '', true);
end
$$;

-- Declared here so that the policy can name it; its body is in sql/functions/access.sql.
create function anze.sees_use_of_file(file_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
alter policy file_seen on anze.file
    using (anze.can_see_of_unit(region_code, sector, unit_id) or anze.sees_use_of_file(id));
