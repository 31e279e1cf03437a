-- The kinds of evidence that documents of kinds of case may ask for.
insert into anze.evidence_kind as kept (code, title_zh, title_en) values
    ('decision', '决定', 'Decision'), ('document', '文书', 'Document'), ('minutes', '会议纪要、约谈记录', 'Minutes'),
    ('notice', '通知书', 'Notice'), ('order', '指令', 'Order'), ('photo', '照片', 'Photograph'), ('plan', '方案', 'Plan'),
    ('record', '现场记录', 'Record'), ('report', '报告', 'Report'), ('video', '视频', 'Video')
on conflict on constraint evidence_kind_pkey do update set title_zh = excluded.title_zh, title_en = excluded.title_en
where kept is distinct from excluded;
