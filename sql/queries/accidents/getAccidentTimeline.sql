with clocks as materialized (
    select c.*, c.shown ->> 'kind' as kind from anze.accident_clocks(:accident_id::uuid, statement_timestamp()) c
),
missed as (
    select nullif(sum(c.misses), 0) as misses, max(c.changed_at) as changed_at from clocks c
),
events as (
    select r.recorded_at as at, 1 as step, r.number::bigint as place,
        case r.kind when 'first' then 'filed' when 'correction' then 'corrected' else 'reported' end as event,
        case when anze.accident_is_told_on(r) then 'authority' else r.actor end as actor,
        case when not anze.accident_is_told_on(r) then r.on_behalf_of end as on_behalf_of, anze.level_code(r.level) as level,
        jsonb_build_object('report_number', r.number, 'kind', r.kind, 'corrects', r.corrects, 'reason', r.reason,
            'as_of', anze.instant(r.as_of), 'came_about_at', anze.instant(r.came_about_at), 'moves_grade', r.moves_grade,
            'told_at', case when not anze.accident_is_told_on(r) then anze.instant(r.told_at) end,
            'received_at', anze.instant((r.content ->> 'received_at')::timestamptz)) as about
    from anze.accident_report r where r.accident_id = :accident_id::uuid
    union all
    select c.changed_at, 2, c.number, case when c.number = 1 then 'graded' else 'grade_changed' end,
        coalesce(c.actor, case when anze.accident_is_told_on(r) then 'authority' else r.actor end),
        case when c.actor is null and not anze.accident_is_told_on(r) then r.on_behalf_of end,
        case when c.actor is null then anze.level_code(r.level) end,
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
    select x.recorded_at, 1, x.number, 'sending_corrected', x.actor, x.on_behalf_of, anze.level_code(x.level),
        jsonb_build_object('transmission_id', x.transmission_id, 'was_sent_at', anze.instant(x.was_sent_at),
            'sent_at', anze.instant(x.sent_at), 'reason', x.reason)
    from anze.accident_transmission_correction x where x.accident_id = :accident_id::uuid
    union all
    select e.ended_at, 9, 0, case when e.accident_id <> :accident_id::uuid then 'other_joined' else e.state end, e.actor,
        e.on_behalf_of, anze.level_code(e.level),
        jsonb_build_object('ground', e.ground, 'reason', e.reason,
            'accident_id', case when e.accident_id <> :accident_id::uuid then e.accident_id else e.into_id end)
    from anze.accident_ending e where e.accident_id = :accident_id::uuid or e.into_id = :accident_id::uuid
    union all
    select r.received_at, 1, 0, 'acknowledged', r.actor, r.on_behalf_of, anze.level_code(r.level),
        jsonb_build_object('transmission_id', r.transmission_id, 'note', r.note)
    from anze.accident_receipt r where r.accident_id = :accident_id::uuid
    union all
    select t.told_recorded_at, 3, 0, 'told', t.told_by, t.told_on_behalf_of, anze.level_code(t.level),
        jsonb_build_object('recipient', t.code, 'channel', t.channel, 'told_at', anze.instant(t.told_at))
    from anze.accident_recipient t where t.accident_id = :accident_id::uuid and t.told_at is not null
    union all
    -- Days in a row with too few follow-ups are one missed clock, from `day` to `last_day`.
    select e.at, e.step, (c.shown ->> 'id')::bigint, e.event, null, null, null,
        c.shown - '{kind,met_at,superseded_at,superseded_by,because,state,late_by_seconds,last_day,missed_days}'::text[]
            || e.more
    from clocks c
    cross join lateral (values
        ((c.d).planned_at, 4, 'clock_started', '{}'::jsonb),
        (case when c.kind = 'report' and (c.d).late is null and (c.d).because is null then (c.d).met_at
              when c.kind = 'daily' and (c.d).late is null then (c.d).met_at end, 5, 'clock_met', '{}'),
        (case when c.kind <> 'window' and coalesce((c.d).because, '') <> 'fact_corrected'
                   and coalesce((c.d).met_at, (c.d).superseded_at, statement_timestamp()) > (c.d).due_at
              then (c.d).due_at end, 6, 'clock_missed',
            jsonb_build_object('last_day', c.shown -> 'last_day', 'missed_days', c.shown -> 'missed_days')),
        (case when (c.d).late is not null then (c.d).met_at end, 7, 'clock_met_late',
            jsonb_build_object('late_by_seconds', c.shown -> 'late_by_seconds')),
        ((c.d).superseded_at, 8, 'clock_superseded', jsonb_build_object('because', (c.d).because,
            'superseded_by', c.shown -> 'superseded_by')),
        (case when c.kind = 'window' and (c.d).superseded_at is null and (c.d).due_at < statement_timestamp()
              then (c.d).due_at end, 6, 'supplement_closed', '{}')) as e(at, step, event, more)
    where e.at is not null
)
select jsonb_build_object('accident_id', a.id, 'events', (
           select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', anze.instant(e.at), 'event', e.event,
                      'actor', e.actor, 'on_behalf_of', e.on_behalf_of, 'level', e.level, 'about', e.about))
                  order by e.at, e.step, e.place)
           from events e))::text as body,
       a.version || coalesce('.' || m.misses, '') as etag,
       anze.instant(greatest(a.updated_at, m.changed_at)) as last_modified
from anze.accident a
cross join missed m
where a.id = :accident_id::uuid
