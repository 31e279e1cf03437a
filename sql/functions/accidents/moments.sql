-- The moments of an accident are looked at together: nothing of it happens in the future, nothing before it occurred, and what
-- one correction changes must fit everything that stands.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- When: nothing has happened in the future, and nobody learns of what has not happened.
create or replace function anze.accident_time_faults(a anze.accident, at timestamptz) returns jsonb
stable language plpgsql as $$
declare
    faults jsonb := '[]';
begin
    if a.occurred_at > at then
        faults := faults || anze.fault('/occurred_at', 'in-future', '事故发生时间不能晚于现在。',
            'The accident cannot have occurred in the future.');
    elsif (anze.rule_in_force('ACC.RPT.UNIT', anze.day_of(a.occurred_at), a.region_code)).code is null then
        faults := faults || anze.fault('/occurred_at', 'no-rule-in-force', '事故发生之日没有施行中的报告规定。',
            'No rule of reporting was in force on the day of the accident.');
    end if;
    if a.learned_at > at and a.facts ? 'learned_at' then
        faults := faults || anze.fault('/learned_at', 'in-future', '单位负责人获知时间不能晚于现在。',
            'The head of the unit cannot have learned of it in the future.');
    end if;
    if a.learned_at < a.occurred_at and a.facts ? 'learned_at' then
        faults := faults || anze.fault('/learned_at', 'before-occurred-at', '单位负责人获知时间不能早于事故发生时间。',
            'The head of the unit cannot have learned of it before it occurred.');
    end if;
    return faults;
end
$$;

-- When the report reached the office that files it. Only an office can say that it was before now.
create or replace function anze.accident_reception_faults(body jsonb, occurred_at timestamptz, at timestamptz)
returns jsonb stable language plpgsql as $$
declare
    received constant timestamptz := body ->> 'received_at';
begin
    if received is null then
        return '[]';
    elsif anze.reach() = 'unit' then
        return anze.fault('/received_at', 'not-for-units', '接报时间由接报部门填写。',
            'Only the receiving office states when it received the report.');
    elsif received > at then
        return anze.fault('/received_at', 'in-future', '接报时间不能晚于现在。', 'Not in the future.');
    elsif received < occurred_at then
        return anze.fault('/received_at', 'before-occurred-at', '接报时间不能早于事故发生时间。',
            'Not before the accident occurred.');
    end if;
    return '[]';
end
$$;

create or replace function anze.accident_as_of_faults(a anze.accident, as_of timestamptz, at timestamptz) returns jsonb
stable language sql as $$
    select case
    when as_of > at then anze.fault('/as_of', 'in-future', '数据截止时间不能晚于现在。', 'Not in the future.')
    when as_of < a.occurred_at then anze.fault('/as_of', 'before-occurred-at', '数据截止时间不能早于事故发生时间。',
        'Not before the accident occurred.')
    else '[]' end
$$;

-- When casualties came about is said of what the report speaks of.
create or replace function anze.accident_came_about_faults(a anze.accident, came_about_at timestamptz, as_of timestamptz)
returns jsonb stable language sql as $$
    select case
    when came_about_at > as_of then anze.fault('/came_about_at', 'after-as-of', '伤亡变化发生时间不能晚于数据截止时间。',
        'Not after the moment of which the report speaks.')
    when came_about_at < a.occurred_at then anze.fault('/came_about_at', 'before-occurred-at',
        '伤亡变化发生时间不能早于事故发生时间。', 'Not before the accident occurred.')
    else '[]' end
$$;

-- When an office was told what it enters now. Only an office says so: a unit would put right its own lateness. How far back
-- is a rule.
create or replace function anze.accident_told_faults(a anze.accident, given jsonb, as_of timestamptz, at timestamptz)
returns jsonb stable language plpgsql as $$
declare
    told constant timestamptz := given ->> 'told_at';
    how_far anze.rule;
begin
    if told is null then
        return '[]';
    end if;
    how_far := anze.rule_on('ACC.RPT.TOLD.WITHIN', anze.day_of(at), a.region_code);
    return case
        when anze.caller_level() = 0 then anze.fault('/told_at', 'not-for-units', '接报时间由接报部门填写。',
            'Only the office that was told states when that was.')
        when told > at then anze.fault('/told_at', 'in-future', '接报时间不能晚于现在。', 'Not in the future.')
        when told < a.reported_at then anze.fault('/told_at', 'before-first-report', '续报时间不能早于首报接报时间。',
            'Not before the first report was received.')
        when told < at - anze.notice_delay(how_far.value, how_far.unit) then anze.fault('/told_at', 'too-long-ago',
            format('只能补录%s%s以内的电话、书面报告。', how_far.value, (select u.title_zh from anze.rule_unit u where u.code = how_far.unit)),
            format('What was told within %s %s can be entered so.', how_far.value,
                (select u.title_en from anze.rule_unit u where u.code = how_far.unit)))
        when as_of > told then anze.fault('/as_of', 'after-told', '数据截止时间不能晚于接报时间。',
            'What was told speaks of no later moment.')
        else '[]' end;
end
$$;

-- Whether an accident may have occurred at a moment that a correction gives: before it was received, before what reports
-- speak of, before it was passed up and before anybody was told. NULL moments are given by the correction itself, and
-- looked at there: when it was received, and what the report speaks of that is corrected (`root`).
create or replace function anze.accident_occurrence_faults(
    a anze.accident, root integer, received timestamptz, as_of timestamptz) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/occurred_at', e.rule,
            '事故发生时间不能晚于' || e.zh || '（' || anze.instant(e.at) || '）。',
            'The accident cannot have occurred after ' || e.en || ' (' || anze.instant(e.at) || ').')
        order by e.place, e.at, e.zh), '[]')
    from (
        select 1 as place, 'after-reception' as rule, received as at, '接报时间' as zh, 'it was received' as en
        union all
        select 2, 'after-report', case when l.root = accident_occurrence_faults.root then accident_occurrence_faults.as_of
                                       else r.as_of end,
            format('第%s号报告的数据截止时间', r.number), format('report %s speaks of', r.number)
        from anze.accident_latest_reports(a.id) l
        join anze.accident_report r on r.accident_id = a.id and r.number = l.number
        union all
        select 2, 'after-casualties', r.came_about_at, format('第%s号报告的伤亡变化发生时间', r.number),
            format('casualties of report %s came about', r.number)
        from anze.accident_latest_reports(a.id) l
        join anze.accident_report r on r.accident_id = a.id and r.number = l.number
        where l.root <> accident_occurrence_faults.root
        union all
        select 3, 'after-transmission', anze.accident_sent_at(t), format('向%s上报的时间', u.title_zh),
            format('it was passed up to the level %s', u.code)
        from anze.accident_transmission t join anze.level u on u.rank = t.to_level where t.accident_id = a.id
        union all
        select 4, 'after-telling', t.told_at, format('通知%s的时间', c.title_zh), format('%s was told', c.code)
        from anze.accident_recipient t
        join anze.accident_recipient_rule c on (c.level, c.code) = (t.level, t.code)
        where t.accident_id = a.id) e
    where e.at < a.occurred_at
$$;

-- What a correction says of moments, against each other and against all that stands.
create or replace function anze.accident_corrected_moment_faults(
    a anze.accident, wrong anze.accident_report, as_of timestamptz, given jsonb, at timestamptz) returns jsonb
stable language plpgsql as $$
declare
    received constant timestamptz := coalesce((given ->> 'received_at')::timestamptz, a.reported_at);
    passed constant timestamptz := (select min(anze.accident_sent_at(t)) from anze.accident_transmission t
                                    where t.accident_id = a.id and t.from_level = a.entry_level);
    faults jsonb := '[]';
begin
    a.occurred_at := coalesce((given ->> 'occurred_at')::timestamptz, a.occurred_at);
    if given ? 'received_at' then
        faults := faults || anze.accident_reception_faults(given, a.occurred_at, at);
        if received > passed then
            faults := faults || anze.fault('/received_at', 'after-transmission',
                '接报时间不能晚于接报层级向上级上报的时间（' || anze.instant(passed) || '）。',
                'Not after the receiving level passed it up (' || anze.instant(passed) || ').');
        end if;
    end if;
    if given ? 'occurred_at' then
        faults := faults || anze.accident_occurrence_faults(a, wrong.root,
            case when not given ? 'received_at' then a.reported_at end,
            case when not given ? 'as_of' and as_of <> received then as_of end);
    end if;
    if given ? 'as_of' then
        faults := faults || anze.accident_as_of_faults(a, as_of, at);
    end if;
    return faults;
end
$$;

-- When a level passed it up, as it is told afterwards or put right.
create or replace function anze.accident_sent_faults(
    a anze.accident, channel text, sent_at timestamptz, acknowledged_at timestamptz, at timestamptz) returns jsonb
stable language sql as $$
    select case
    when channel = 'system' then anze.fault('/sent_at', 'not-for-system', '系统上报的时间由系统记录。',
        'The service itself records when it passed something up.')
    when sent_at > at then anze.fault('/sent_at', 'in-future', '上报时间不能晚于现在。', 'Not in the future.')
    when sent_at < a.occurred_at then anze.fault('/sent_at', 'before-occurred-at', '上报时间不能早于事故发生时间。',
        'Not before the accident occurred.')
    when sent_at > acknowledged_at then anze.fault('/sent_at', 'after-receipt', '上报时间不能晚于签收时间。',
        'Not after it was acknowledged.')
    else '[]' end
$$;
