-- What documents of listed cases may name beside moving the case (functions/listing/case.sql).
insert into anze.case_hook as kept (sort, code, title_zh, title_en, asks) values
    ('effect', 'listing_dated', '已办事项的日期不晚于今天', 'Days of what was done are not in the future', '{}'),
    ('effect', 'listing_noticed', '确定督办单位和挂牌日期', 'Who supervises it, and since when', '{supervisor_id,due_on}'),
    ('effect', 'listing_withheld', '不公示', 'It is not published', '{withheld_reason}'),
    ('effect', 'listing_was_withheld', '未公示的方可直接销号', 'Only what was not published', '{}'),
    ('effect', 'listing_extension_asked', '一次为限，提前申请', 'Once, and ahead of its day', '{asked_until}'),
    ('effect', 'listing_extended', '延长期限', 'The day is put off', '{due_on}'),
    ('effect', 'listing_suspended', '中止计时', 'Time stands still', '{resume_by}'),
    ('effect', 'listing_resumed', '剩余期限继续计算', 'What was left of the time goes on', '{}'),
    ('effect', 'listing_late', '认定逾期', 'It is late', '{due_on}'),
    ('effect', 'listing_stopped', '责令停产停工', 'Work is stopped', '{}'),
    ('effect', 'listing_stop_lifted', '解除停产停工', 'The stop is lifted', '{}'),
    ('effect', 'listing_upgraded', '由上级督办', 'A higher level supervises it', '{upgrade_reason,supervisor_id}'),
    ('effect', 'listing_review_failed', '记一次核查不合格', 'A review failed', '{}'),
    ('effect', 'listing_struck_off', '摘牌并决定是否恢复', 'Struck off, and whether work is resumed', '{resumption_approved}'),
    ('effect', 'listing_closure', '提请关闭', 'Closure is proposed', '{to_government_id}'),
    ('effect', 'escalation_passed', '转上级机构', 'It passes to a body above', '{supervisor_id}'),
    ('effect', 'four_satisfied', '核实四不放过之一', 'One of the four checks', '{item}'),
    ('effect', 'four_all_satisfied', '四不放过全部核实', 'All four checks', '{}'),
    ('effect', 'accident_linked', '关联本单位的事故', 'An accident of the same unit', '{accident_id}')
on conflict on constraint case_hook_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, asks = excluded.asks, sets = excluded.sets
where kept is distinct from excluded;
