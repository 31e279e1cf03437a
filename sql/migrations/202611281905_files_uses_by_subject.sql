-- anze: with-functions
-- What a file is evidence of is any subject (anze.subject), which says itself who sees its papers.
insert into anze.subject (code, title_zh, title_en, clocks, place) values
    ('record', '履职记录', 'Record of a duty', null, 4),
    ('excuse', '免责申请', 'Excuse', null, 5);

alter table anze.file_use add column subject text collate "C", add column subject_id uuid;
update anze.file_use set subject_id = coalesce(case_id, record_id, excuse_id),
    subject = case when case_id is not null then 'case' when record_id is not null then 'record' else 'excuse' end;
alter table anze.file_use drop constraint file_use_key, drop constraint file_use_of_one;
alter table anze.file_use drop column case_id, drop column record_id, drop column excuse_id;
alter table anze.file_use
    alter column subject set not null,
    alter column subject_id set not null,
    add constraint file_use_key unique (file_id, subject, subject_id),
    add constraint file_use_subject_fkey foreign key (subject) references anze.subject;
comment on column anze.file_use.subject is 'what it is evidence of (anze.subject); subject_id: which one';
comment on constraint file_use_key on anze.file_use is '该引用已存在。 | This use exists already. | ';
comment on constraint file_use_subject_fkey on anze.file_use is '事项未登记。 | The subject is not registered. | ';
