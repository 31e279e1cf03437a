with shown as (
    select o, p.state, p.done_count, anze.obligation_state(p.state, p.due_at, p.missed_from,
        case when :as_of::text is null then now() else :as_of::timestamptz end) as state_then
    from anze.obligation o
    cross join lateral anze.obligation_then(o, :as_of::timestamptz) p
    where o.holder_id = :person_id::uuid and p.holder_id = :person_id::uuid and p.state <> 'withdrawn'
      and o.period_end > lower(anze.named_period(:period)) and o.period_end <= upper(anze.named_period(:period))
),
listed as (
    select s.*, row_number() over (order by (o).due_at, (o).id) as place from shown s
)
select (jsonb_build_object(
    'person', anze.person_reference(p.id),
    'period', :period::text, 'from', lower(anze.named_period(:period)), 'until', upper(anze.named_period(:period)) - 1,
    'posts', (
        select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('appointment_id', a.id, 'post', a.post,
            'unit', anze.unit_reference(a.unit_id), 'held_from', lower(a.held), 'held_until', upper(a.held)))
            order by lower(a.held), a.id), '[]')
        from anze.appointment a where a.person_id = p.id and a.held && anze.named_period(:period)),
    'total', (select anze.counts_json(count(*), count(*) filter (where state_then = 'done'),
                  count(*) filter (where state_then = 'done_late'), count(*) filter (where state_then = 'excused'),
                  count(*) filter (where state_then = 'missed')) from shown),
    'obligations', (
        select coalesce(jsonb_agg(anze.obligation_item_then(o, state_then, done_count) order by place)
                        filter (where place <= 200), '[]') from listed),
    'truncated', (select count(*) > 200 from shown))
    || jsonb_strip_nulls(jsonb_build_object('as_of', anze.instant(:as_of::timestamptz))))::text as body
from anze.person p
where p.id = :person_id::uuid and anze.can_see_of_unit(p.region_code, p.sector, p.unit_id)
