-- What of the database is audited. A new table of the schemas anze and audit has its line here (tests/sql/test_audit_chain.py
-- fails without it), and this is all there is to do: triggers follow by audit.apply_decisions().
--
--   * audited: whatever people, administrators or a release state or decide: one line in the first list.
--   * not audited: what is computed from audited rows alone, and can be computed again: a line in the second list, with
--     the reason in both languages.
--   * A partition follows its parent and has no line.
--   * A column with personal data is masked (its keyed digest stands in the audit); one that only repeats others of its
--     row or of another audited table is derived, and left out. Generated columns are left out by themselves.
--   * A table whose comment says "append-only" is held so; columns that may change nevertheless stand in may_change.

insert into audit.masked_column (table_name, column_name, is_derived) values
    ('anze.accident_report', 'reporter_name', false),
    ('anze.accident_report', 'reporter_phone', false),
    ('anze.person', 'phone', false),
    ('anze.accident', 'item', true),
    ('anze.accident', 'recount_at', true),
    ('anze.file', 'name', false),
    -- Who attended and who answers for a matter is personal data; the record itself keeps it.
    ('anze.duty_record', 'content', false),
    ('anze.follow_up', 'responsible', false),
    -- Why somebody did not do something may be his health.
    ('anze.excuse', 'reason', false),
    ('anze.excuse', 'decision_note', false),
    -- An appointment as it was shown names the person; the register of people keeps it.
    ('anze.voided_appointment', 'shown', false),
    -- Who found a hazard and who answers for it; where its case stands is copied from the case, which is watched itself.
    ('anze.hazard', 'found_by', false),
    ('anze.hazard', 'responsible', false),
    ('anze.hazard', 'state', true),
    ('anze.hazard', 'is_open', true),
    ('anze.hazard', 'due_at', true),
    ('anze.hazard', 'version', true),
    ('anze.hazard', 'updated_at', true),
    -- Who assessed a risk and who answers for its control.
    ('anze.risk_assessment', 'measures', false),
    ('anze.risk_assessment', 'assessor', false),
    -- In which cells of the map a risk point is follows from its place.
    ('anze.risk_point', 'cell_1', true),
    ('anze.risk_point', 'cell_4', true),
    ('anze.risk_point', 'cell_16', true),
    ('anze.risk_point', 'cell_64', true),
    -- What is done to a case names who answers for it. How often and when it was changed, and when it is due, follows
    -- from its events and its deadlines.
    ('anze.case_event', 'content', false),
    ('anze.case_file', 'facts', false),
    ('anze.case_file', 'version', true),
    ('anze.case_file', 'event_count', true),
    ('anze.case_file', 'due_at', true),
    ('anze.case_file', 'is_open', true),
    ('anze.case_file', 'state_since', true),
    ('anze.case_file', 'updated_at', true)
on conflict (table_name, column_name) do update set is_derived = excluded.is_derived
where masked_column.is_derived <> excluded.is_derived;
delete from audit.masked_column m
where not exists (select from pg_attribute a where a.attrelid = to_regclass(m.table_name) and a.attname = m.column_name
                      and not a.attisdropped);

with told(table_name, may_change, why_not_zh, why_not_en) as (
    select 'anze.' || a.name, a.may_change::text[], null, null
    from (values
        -- places, units, people
        ('region', '{}'), ('region_span', '{}'), ('sector', '{}'), ('unit', '{}'), ('unit_event', '{}'), ('unit_follower', '{}'),
        ('post', '{}'), ('person', '{}'), ('appointment', '{}'), ('voided_appointment', '{region_code,sector,is_body}'),
        ('appointment_consent', '{}'), ('structural_rule', '{}'),
        -- the law's figures and code sets
        ('instrument', '{}'), ('rule', '{}'), ('rule_unit', '{}'), ('rule_limit', '{}'), ('working_day', '{}'), ('level', '{}'),
        ('calendar_notice', '{}'), ('calendar_day', '{}'),
        ('accident_category', '{}'), ('accident_grade', '{}'), ('accident_threshold', '{}'), ('accident_danger', '{}'),
        ('accident_supplement_sector', '{}'), ('accident_clock_rule', '{}'), ('accident_recipient_rule', '{}'),
        ('accident_telling', '{}'), ('accident_action', '{}'), ('accident_alert_rule', '{}'),
        ('hazard_criterion', '{}'), ('hazard_criterion_set', '{}'), ('risk_colour', '{}'),
        ('risk_factor', '{}'),
        ('file_type', '{}'), ('file_quota', '{}'), ('light_rule', '{}'), ('notice_stage', '{}'),
        -- duties and what was done
        ('duty', '{}'), ('duty_event_kind', '{}'), ('duty_event', '{}'), ('duty_record_kind', '{}'),
        ('duty_record', '{retracted_at,retracted_by,retraction_reason,published_on,published_at_url,version,updated_at,'
                        'region_code,sector}'),
        ('follow_up', '{}'), ('finding_taker', '{}'), ('duty_planning', '{}'), ('excuse', '{}'), ('notice', '{}'), ('file', '{}'),
        -- accidents
        ('accident', '{}'), ('accident_report', '{}'), ('accident_grade_change', '{}'), ('accident_transmission', '{corrected_to}'),
        ('accident_transmission_correction', '{}'), ('accident_ending', '{}'),
        ('accident_receipt', '{}'), ('accident_recipient', '{}'),
        -- cases, hazards, risks
        ('case_kind', '{}'), ('case_state', '{}'), ('case_clock', '{}'), ('case_action', '{}'), ('case_hook', '{}'),
        ('evidence_kind', '{}'), ('scope', '{}'), ('body_power', '{}'), ('case_file', '{}'),
        ('case_event', '{}'), ('hazard', '{}'), ('hazard_judgement', '{}'), ('hazard_merger', '{}'),
        ('risk_point', '{}'), ('risk_assessment', '{}'), ('hazard_source', '{}'),
        -- how this database came to be what it is
        ('migration', '{}'), ('partitioned', '{}'), ('subject', '{}')) a(name, may_change)
    union all
    select 'audit.' || a.name, '{}', null, null from (values ('decision'), ('masked_column')) a(name)
    union all
    select n.name, '{}', n.zh, n.en
    from (values
        ('audit.entry', '审计记录本身', 'this is the audit'),
        ('audit.link', '审计链本身', 'this is the chain of the audit'),
        ('audit.seal', '审计链本身', 'this is the chain of the audit'),
        ('audit.detached_month', '导出文件与审计链均可核对', 'each row is checked by its file and by the chain'),
        ('anze.migration_object', '由程序自身的文件推出', 'follows from the files of the program'),
        ('anze.idempotency_key', '保留48小时的答复副本', 'copies of answers, kept for 48 hours'),
        ('anze.unit_span', '由单位及其变更推出', 'follows from units and their changes'),
        ('anze.structural_finding', '由结构规则对单位、任职的评判推出', 'judged from units and appointments by structural rules'),
        ('anze.deadline', '由案件、事故报告与时限规则推出', 'follows from events of cases, reports and the rules of clocks'),
        ('anze.obligation', '由职责清单、单位沿革与任职推出', 'planned from the catalogue, spans of units and appointments'),
        ('anze.obligation_past', '由任务变化推出', 'what an obligation was, kept as it changes'),
        ('anze.obligation_record', '由履职记录推出', 'settled from records'),
        ('anze.duty_tally', '统计数', 'sums'),
        ('anze.duty_tally_delta', '统计数', 'differences of sums'),
        ('anze.duty_change', '由任务变化推出', 'differences of sums, by the moment of the change'),
        ('anze.set_aside', '后台搁置清单', 'a list of what is to be tried again'),
        ('anze.rule_work', '待办重算清单', 'a list of what is to be computed again'),
        ('anze.calendar_work', '待办重算清单', 'a list of what is to be computed again'),
        ('anze.accident_alert_due', '待发警报清单', 'a list of what is to be told'),
        ('anze.accident_page', '由事故及其报告推出', 'rendered from the accident and what hangs on it'),
        ('anze.accident_law', '计数', 'a count of changes of audited rules and code sets'),
        ('anze.accident_alert', '由定级与警报规则推出', 'follows from grades and the rules of alerts; the notices are audited'),
        ('anze.light_work', '待办重算清单', 'a list of what is to be judged again'),
        ('anze.duty_work', '待办重算清单', 'a list of what is to be computed again'),
        ('anze.unit_light', '由亮灯规则评判推出', 'judged by the rules of lights'),
        ('anze.light_change', '由亮灯规则评判推出', 'judged by the rules of lights'),
        ('anze.light_note', '待评判清单', 'a list of what is to be judged again'),
        ('anze.hazard_tally', '统计数', 'sums'),
        ('anze.hazard_tally_delta', '统计数', 'differences of sums'),
        ('anze.risk_tally', '统计数', 'sums'),
        ('anze.risk_tally_delta', '统计数', 'differences of sums'),
        ('anze.file_content', '文件字节的摘要已在文件记录中审计', 'named by the digest in the audited row of its file'),
        ('anze.file_store', '数据库大小的测量值与运维设定的上限', 'what the database measures, and the ceiling of whoever runs it'),
        ('anze.file_chunk', '文件字节的摘要已在文件记录中审计', 'named by the digest in the audited row of its file'),
        ('anze.file_use', '由案件、记录和申请所附证据推出', 'follows from the evidence of audited rows')) n(name, zh, en)),
gone as (
    delete from audit.decision d where d.table_name not in (select t.table_name from told t))
insert into audit.decision (table_name, is_audited, why_not_zh, why_not_en, may_change)
select t.table_name, t.why_not_en is null, t.why_not_zh, t.why_not_en, t.may_change from told t
on conflict (table_name) do update
set is_audited = excluded.is_audited, why_not_zh = excluded.why_not_zh, why_not_en = excluded.why_not_en,
    may_change = excluded.may_change
where (decision.is_audited, decision.why_not_zh, decision.why_not_en, decision.may_change)
    is distinct from (excluded.is_audited, excluded.why_not_zh, excluded.why_not_en, excluded.may_change);

-- What the data behind this file writes is audited already, in the partition of its month; tables with case data follow at
-- the end of the release.
select audit.create_partitions();
select audit.apply_decisions(also_case_data => false);
