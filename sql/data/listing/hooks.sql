-- What documents of listed cases may name beside moving the case (functions/listing/case.sql).
insert into anze.case_hook as kept (sort, code, title_zh, title_en, asks, sets, checks) values
    ('guard', 'listing_extensible', '未延长过，且距期限届满尚早', 'Not extended yet, and far enough ahead', '{}', '{}', false),
    ('guard', 'listing_late', '整改期限已届满', 'The day that was set has passed', '{}', '{}', false),
    ('guard', 'listing_not_late_before', '未曾重新明确期限', 'No new day was set before', '{}', '{}', false),
    ('guard', 'listing_stopped', '已责令停产停工', 'Work is stopped', '{}', '{}', false),
    ('guard', 'listing_not_stopped', '未责令停产停工', 'Work is not stopped', '{}', '{}', false),
    ('guard', 'listing_withheld', '未公示', 'It was not published', '{}', '{}', false),
    ('guard', 'listing_republished', '公示后已提级', 'It was taken over after it was published', '{}', '{}', false),
    ('guard', 'four_satisfied', '四不放过全部核实', 'All four checks are verified', '{}', '{}', false),
    ('effect', 'listing_dated', '已办事项的日期不晚于今天', 'Days of what was done are not in the future', '{}', '{}', true),
    ('effect', 'listing_noticed', '确定督办单位和挂牌日期', 'Who supervises it, and since when', '{supervisor_id,due_on}', '{}', true),
    ('effect', 'listing_withheld', '不公示', 'It is not published', '{withheld_reason}', '{}', false),
    ('effect', 'listing_extension_asked', '申请的日期晚于现期限', 'The day asked for is later', '{asked_until}', '{}', true),
    ('effect', 'listing_extended', '延长期限', 'The day is put off', '{due_on}', '{}', true),
    ('effect', 'listing_suspended', '中止计时', 'Time stands still', '{resume_by}', '{}', false),
    ('effect', 'listing_resumed', '剩余期限继续计算', 'What was left of the time goes on', '{}', '{}', false),
    ('effect', 'listing_late', '认定逾期', 'It is late', '{due_on}', '{}', true),
    ('effect', 'listing_ended', '所挂牌的隐患一并销号', 'The hazard that was listed is closed with it', '{}', '{}', false),
    ('effect', 'listing_stopped', '责令停产停工', 'Work is stopped', '{}', '{}', false),
    ('effect', 'listing_stop_lifted', '解除停产停工', 'The stop is lifted', '{}', '{}', false),
    ('effect', 'listing_upgraded', '由上级督办', 'A higher level supervises it', '{upgrade_reason,supervisor_id}',
        '{refile_by,republish_by}', true),
    ('effect', 'listing_review_failed', '记一次核查不合格', 'A review failed', '{}', '{}', false),
    ('effect', 'listing_struck_off', '摘牌并决定是否恢复', 'Struck off, and whether work is resumed', '{resumption_approved}', '{}', true),
    ('effect', 'listing_closure', '按安全生产法第一百一十三条提请关闭', 'Closure is proposed by article 113',
        '{ground,penalties,penalized_from,penalized_until,accident_id,to_government_id}', '{}', true),
    ('effect', 'escalation_passed', '转上级机构', 'It passes to a body above', '{supervisor_id}', '{}', true),
    ('effect', 'four_satisfied', '核实四不放过之一', 'One of the four checks', '{item}', '{}', true),
    ('effect', 'accident_linked', '关联本单位的事故', 'An accident of the same unit', '{accident_id}', '{}', true)
on conflict on constraint case_hook_pkey do update
set title_zh = excluded.title_zh, title_en = excluded.title_en, asks = excluded.asks, sets = excluded.sets, checks = excluded.checks
where kept is distinct from excluded;
