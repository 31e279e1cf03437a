-- 触发事件: what duties of nature E are owed after (data/duties/duties.sql, on_event).
insert into anze.duty_event_kind as kept (code, title_zh, title_en, is_automatic) values
    ('issue_raised', '提出突出问题', 'An outstanding problem was raised', false),
    ('supervision_overlap', '监管职责交叉或出现新业态新风险', 'Duties overlap, or a new kind of business appeared', false),
    ('delegation_found_wanting', '取消下放事项基层接不住、监管跟不上', 'A delegated power was found wanting', false),
    ('duty_neglected', '发现履职不力', 'A duty was found neglected', false),
    ('beyond_local_power', '基层难以解决的重要问题', 'A problem beyond local power', false),
    ('accident_larger', '发生较大及以上事故', 'An accident was graded larger or above', true),
    ('sensitive_period_accident', '重要敏感时期发生事故', 'An accident in a sensitive period', false)
on conflict on constraint duty_event_kind_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, is_automatic = excluded.is_automatic
where (kept.title_zh, kept.title_en, kept.is_automatic)
    is distinct from (excluded.title_zh, excluded.title_en, excluded.is_automatic);
