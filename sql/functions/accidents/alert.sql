-- Who must know of a grave accident is told at once: when it is filed or when its grade rises. Filing leaves a row
-- (anze.accident_alert_due); the sweeper makes of it one alert for each who must know, and tells it as it tells all else.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Who must know of an accident of a grade, at each level that it goes up to: bodies, or who holds the posts in them.
create or replace function anze.accident_alerted(a anze.accident, of_grade smallint)
returns table (rule text, level smallint, unit_id uuid, person_id uuid) stable rows 9 language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    top constant smallint := anze.accident_top_level(of_grade, anze.day_of(a.occurred_at), a.region_code);
begin
    return query
    select r.code, l.rank, u.id, h.person_id
    from anze.accident_alert_rule r
    cross join (values (2::smallint, a.county), (3::smallint, a.city || '00'), (4::smallint, a.province || '0000'))
        l(rank, region_code)
    join anze.unit u on u.region_code = l.region_code and u.is_body and u.kind = r.unit_kind
        and (r.supervision_role is null or u.supervision_role = r.supervision_role)
        and (u.closed_on is null or u.closed_on > anze.today())
    left join lateral (
        select distinct x.person_id from anze.appointment x
        where x.unit_id = u.id and x.post = any (r.posts) and x.held @> anze.today()) h on true
    where r.grade_from <= of_grade and l.rank <= top and anze.region_has_level(a.region_code, l.rank);
end
$$;

-- What is corrected to a lower grade, or withdrawn, before anybody was told alarms nobody; nor does a drill.
create or replace function anze.alert_accidents_of(ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    with due as (
        delete from anze.accident_alert_due d where d.accident_id = any (ids) returning d.*)
    insert into anze.accident_alert (id, accident_id, grade, rule, level, unit_id, person_id, raised_at, next_notice_at)
    select anze.new_id(a.region_code, d.raised_at), a.id, d.grade, t.rule, t.level, t.unit_id, t.person_id, d.raised_at,
        d.raised_at
    from due d
    join anze.accident a on a.id = d.accident_id and a.grade >= d.grade
        and not (a.is_drill or anze.accident_is_ended(a.state))
    cross join lateral anze.accident_alerted(a, d.grade) t
    on conflict on constraint accident_alert_once do nothing;
end
$$;

-- A part of a step of the sweep.
create or replace function anze.alert_accidents(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(x.accident_id) into taken from (
        select d.accident_id from anze.accident_alert_due d
        where not anze.is_set_aside('alert_accidents', d.accident_id::text)
        limit max_rows for update skip locked) x;
    if taken is not null then
        perform anze.do_each('alert_accidents', 'accident', 'anze.alert_accidents_of($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;

-- Told by the sweeper ------------------------------------------------------------------------------------------------

create or replace function anze.take_accident_alert(of_subject text, now_at timestamptz, max_rows integer) returns uuid[]
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select array_agg(t.id) from (
        select x.id from anze.accident_alert x
        where x.next_notice_at < 'infinity' and x.next_notice_at <= now_at
            and not anze.is_set_aside('tell_owed', x.id::text)
        order by x.next_notice_at limit max_rows for no key update skip locked) t);
end
$$;

create or replace function anze.put_back_accident_alert(ids uuid[], looks timestamptz[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.accident_alert x set next_notice_at = l.at from unnest(ids, looks) l(id, at) where x.id = l.id;
end
$$;

-- A notice carries region and sector of the accident, so that who has it in reach sees who was told.
create or replace function anze.accident_alert_owed(ids uuid[]) returns setof anze.owing stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select x.id, x.unit_id, x.person_id, x.raised_at, x.raised_at, x.raised_at, null::text, a.region_code, a.sector
    from anze.accident_alert x join anze.accident a on a.id = x.accident_id
    where x.id = any (ids);
end
$$;

-- What is told of an accident at once: which one, of what grade, and nothing of what happened, where and to whom. Read as the
-- service's own work, and called by anze.notice_json alone, of a notice that the caller sees.
create or replace function anze.accident_alert_notice(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    shown jsonb;
begin
    perform set_config('anze.reach', 'service', true);
    select jsonb_build_object(
        'accident_alert', jsonb_build_object('id', x.accident_id, 'grade', g.code, 'grade_title_zh', g.title_zh,
            'grade_title_en', g.title_en, 'level', anze.level_code(x.level), 'raised_at', anze.instant(x.raised_at),
            'told_as_zh', r.title_zh, 'told_as_en', r.title_en,
            'instrument', (select i.title from anze.instrument i where i.code = r.instrument), 'article', r.article,
            'confidence', r.confidence),
        'text_zh', format('接报一起%s，请立即了解情况、按职责处置，并签收本警报。', g.title_zh),
        'text_en', format('%s reported: learn of it and do what your post asks at once, and acknowledge this alert.',
            g.title_en))
    into shown
    from anze.accident_alert x
    join anze.accident_grade g on g.rank = x.grade
    join anze.accident_alert_rule r on r.code = x.rule
    where x.id = n.subject_id;
    perform set_config('anze.reach', reach_before, true);
    return shown;
end
$$;
