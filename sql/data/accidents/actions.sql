-- What can be done about an accident: the operation, the scope that the contract asks for, and the one thing that the
-- accident itself narrows. Titles are those of the contract.
insert into anze.accident_action as kept (operation_id, scope, title_zh, title_en, field, place)
values
    ('addAccidentReport', 'accidents:report', '续报、补报或终报', 'Add a follow-up, a supplement or the final report',
     '{"name": "kind", "type": "choice", "required": true, "title_zh": "报告类型", "title_en": "Kind of report"}', 1),
    ('correctAccidentReport', 'accidents:correct', '更正事故报告', 'Correct a report',
     '{"name": "report_number", "type": "choice", "required": true, "title_zh": "报告序号", "title_en": "Number of the report"}', 2),
    ('passAccidentUp', 'accidents:transmit', '上报事故', 'Pass an accident up',
     '{"name": "to_level", "type": "choice", "required": true, "title_zh": "上报至", "title_en": "To which level"}', 3),
    ('acknowledgeAccident', 'accidents:acknowledge', '签收上报', 'Acknowledge a transmission',
     '{"name": "transmission_id", "type": "choice", "required": true, "title_zh": "上报记录", "title_en": "Which transmission"}', 4),
    ('recordAccidentNotices', 'accidents:transmit', '登记通知情况', 'Record who was told',
     '{"name": "notified", "type": "choices", "required": true, "title_zh": "已通知对象", "title_en": "Who was told"}', 5),
    ('correctAccidentTransmission', 'accidents:correct', '更正上报时间', 'Correct when an accident was passed up',
     '{"name": "transmission_id", "type": "choice", "required": true, "title_zh": "上报记录", "title_en": "Which transmission"}', 6),
    ('withdrawAccident', 'accidents:correct', '撤销事故', 'Withdraw what was no accident',
     '{"name": "ground", "type": "choice", "required": true, "title_zh": "撤销事由", "title_en": "Why it is none"}', 7),
    ('joinAccident', 'accidents:correct', '并案', 'Join an accident to the one that it is',
     '{"name": "into", "type": "choice", "required": true, "title_zh": "并入的事故", "title_en": "Which accident it is"}', 8)
on conflict on constraint accident_action_pkey do update
set scope = excluded.scope, title_zh = excluded.title_zh, title_en = excluded.title_en, field = excluded.field,
    place = excluded.place;
