-- What one may bring of files. Enough for a body's busiest day, and far less than a disk; the figures that an operator
-- wrote stay (deploy/README.md, Evidence files).
insert into anze.file_quota as kept (code, place, of, is_unfinished, span, max_files, max_bytes, title_zh, title_en) values
    ('unit-day', 1, 'unit', false, '24 hours', 2000, 8589934592, '单位 24 小时上传', 'what a unit uploads in 24 hours'),
    ('caller-day', 2, 'caller', false, '24 hours', 1000, 4294967296, '调用方 24 小时上传', 'what a caller uploads in 24 hours'),
    ('unit-unfinished', 3, 'unit', true, '7 days', 400, 4294967296, '单位未完成的上传', 'what a unit has not completed'),
    ('caller-unfinished', 4, 'caller', true, '7 days', 200, 2147483648, '调用方未完成的上传', 'what a caller has not completed')
on conflict on constraint file_quota_pkey do update
set place = excluded.place, title_zh = excluded.title_zh, title_en = excluded.title_en
where (kept.place, kept.title_zh, kept.title_en) is distinct from (excluded.place, excluded.title_zh, excluded.title_en);
