with events as (
    select r.recorded_at as at, 1 as step, r.number::bigint as place,
        case r.kind when 'first' then 'filed' when 'correction' then 'corrected' else 'reported' end as event,
        r.actor, r.on_behalf_of, anze.level_code(r.level) as level,
        jsonb_build_object('report_number', r.number, 'kind', r.kind, 'corrects', r.corrects, 'reason', r.reason,
            'as_of', anze.instant(r.as_of), 'moves_grade', r.moves_grade) as about
    from anze.accident_report r where r.accident_id = :accident_id::uuid
    union all
    select c.changed_at, 2, c.number, case when c.number = 1 then 'graded' else 'grade_changed' end, r.actor,
        r.on_behalf_of, anze.level_code(r.level),
        jsonb_build_object('grade', g.code, 'is_lower_bound', c.is_lower_bound, 'report_number', c.report_number,
            'because', nullif(c.because, '{}'))
    from anze.accident_grade_change c
    join anze.accident_grade g on g.rank = c.grade
    join anze.accident_report r on r.accident_id = c.accident_id and r.number = c.report_number
    where c.accident_id = :accident_id::uuid
    union all
    select t.recorded_at, 1, 0, 'passed_up', t.actor, t.on_behalf_of, anze.level_code(t.from_level),
        jsonb_build_object('transmission_id', t.id, 'to_level', anze.level_code(t.to_level),
            'channel', t.channel, 'sent_at', anze.instant(t.sent_at), 'note', t.note)
    from anze.accident_transmission t where t.accident_id = :accident_id::uuid
    union all
    select r.received_at, 1, 0, 'acknowledged', r.actor, r.on_behalf_of, anze.level_code(r.level),
        jsonb_build_object('transmission_id', r.transmission_id, 'note', r.note)
    from anze.accident_receipt r where r.accident_id = :accident_id::uuid
    union all
    select t.told_recorded_at, 3, 0, 'told', t.told_by, t.told_on_behalf_of, anze.level_code(t.level),
        jsonb_build_object('recipient', t.code, 'channel', t.channel, 'told_at', anze.instant(t.told_at))
    from anze.accident_recipient t where t.accident_id = :accident_id::uuid and t.told_at is not null
    union all
    select e.at, e.step, c.id, e.event, null, null, null,
        anze.accident_clock_json(c) - '{kind,met_at,superseded_at,superseded_by,because,state,late_by_seconds}'::text[]
            || e.more
    from anze.accident_clock c
    cross join lateral (values
        (c.planned_at, 4, 'clock_started', '{}'::jsonb),
        (case when c.kind = 'report' and c.late is null and c.because is null then c.met_at
              when c.kind = 'daily' and c.late is null then c.met_at end, 5, 'clock_met', '{}'),
        (case when c.kind <> 'window' and coalesce(c.because, '') <> 'fact_corrected'
                   and coalesce(c.met_at, c.superseded_at, statement_timestamp()) > c.due_at then c.due_at end,
            6, 'clock_missed', '{}'),
        (case when c.late is not null then c.met_at end, 7, 'clock_met_late',
            jsonb_build_object('late_by_seconds', floor(extract(epoch from c.late)))),
        (c.superseded_at, 8, 'clock_superseded', jsonb_build_object('because', c.because,
            'superseded_by', c.superseded_by)),
        (case when c.kind = 'window' and c.superseded_at is null and c.due_at < statement_timestamp()
              then c.due_at end, 6, 'supplement_closed', '{}')) as e(at, step, event, more)
    where c.accident_id = :accident_id::uuid and e.at is not null
    union all
    -- Days after the first one that is owed, none of which had a follow-up: rows come with the next report.
    select anze.end_of_day(d.day::date), 6, 0, 'clock_missed', null, null, null,
        jsonb_build_object('code', c.code, 'day', d.day::date, 'required', c.required,
            'due_at', anze.instant(anze.end_of_day(d.day::date))) || anze.rule_basis(c.rule, c.rule_version)
    from anze.accident_clock c
    cross join generate_series(c.day + 1, anze.day_of(statement_timestamp()) - 1, interval '1 day') as d(day)
    where c.accident_id = :accident_id::uuid and c.kind = 'daily' and c.met_at is null and c.superseded_at is null
)
select jsonb_build_object('accident_id', a.id, 'events', (
           select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', anze.instant(e.at), 'event', e.event,
                      'actor', e.actor, 'on_behalf_of', e.on_behalf_of, 'level', e.level, 'about', e.about))
                  order by e.at, e.step, e.place)
           from events e))::text as body,
       anze.accident_etag(a.version, a.clock_dues) as etag,
       anze.accident_modified(a.updated_at, a.clock_dues) as last_modified
from anze.accident a
where a.id = :accident_id::uuid
