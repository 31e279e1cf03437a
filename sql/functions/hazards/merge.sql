-- Duplicates: hazards that are likely the same are suggested, merged by a person, and parted again where that was wrong.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Pairs of neighbouring characters, each once: what likeness of short Chinese texts goes by, in every locale.
create or replace function anze.bigrams(t text) returns text[] immutable parallel safe strict language sql as $$
    select array(select distinct concat(p.this, p.following)
                 from (select lower(regexp_replace(left(t, 300), '\s', '', 'g')) as t) s
                 cross join lateral unnest(string_to_array(s.t, null), string_to_array(substr(s.t, 2), null)) p(this, following)
                 where p.following is not null or length(s.t) = 1)
$$;

-- From 0 to 1: twice what they share, by all that they have (Sørensen and Dice).
create or replace function anze.likeness(mine text[], theirs text[]) returns double precision
immutable parallel safe strict language sql as $$
    select 2.0 * count(*) / greatest(cardinality(mine) + cardinality(theirs), 1)
    from unnest(mine) m join unnest(theirs) t on t = m
$$;

-- How near, from 0 to 1: the same words for the place, or points less than so many metres apart. A degree of latitude is
-- 111320 m long.
create or replace function anze.hazard_nearness(h anze.hazard, o anze.hazard, metres double precision)
returns double precision
immutable parallel safe language sql as $$
    select greatest(anze.likeness(anze.bigrams(h.place), anze.bigrams(o.place)),
        case when h.crs = o.crs then
            1 - 111320 * sqrt((h.lat - o.lat)::double precision ^ 2
                + ((h.lon - o.lon)::double precision * cosd(h.lat::double precision)) ^ 2) / metres end,
        0)
$$;

-- What could be the same as a hazard of its unit. What was settled before this one was found is no duplicate but a
-- recurrence.
create or replace function anze.hazard_could_be(h anze.hazard, o anze.hazard) returns boolean
immutable parallel safe language sql
return (o).id <> (h).id and (o).merged_into is null and (o).state <> 'dismissed'
    and ((o).closed_at is null or (o).closed_at > (h).found_at);

-- Hazards of the same unit that could be the same, by the index of the unit: at most 200 found before and 200 found after
-- within so many days, the nearest in time. Only these are compared.
create or replace function anze.hazards_near(h anze.hazard, days integer) returns setof anze.hazard
stable rows 50 language plpgsql as $$
begin
    return query
    (select o.* from anze.hazard o
     where o.unit_id = h.unit_id and o.found_at <= h.found_at and o.found_at >= h.found_at - make_interval(days => days)
         and anze.hazard_could_be(h, o)
     order by o.found_at desc, o.id desc limit 200)
    union all
    (select o.* from anze.hazard o
     where o.unit_id = h.unit_id and o.found_at > h.found_at and o.found_at <= h.found_at + make_interval(days => days)
         and anze.hazard_could_be(h, o)
     order by o.found_at, o.id limit 200);
end
$$;

-- Hazards of the same unit that are likely the same, the likeliest first: by criterion, words, place and time. A part
-- that one of the two lacks does not count.
create or replace function anze.hazard_duplicates(h anze.hazard) returns jsonb stable language plpgsql as $$
declare
    day constant date := anze.day_of(h.found_at);
    days constant double precision := anze.rule_value('HAZ.DUP.DAYS', day);
    least_score constant double precision := anze.rule_value('HAZ.DUP.SCORE', day) / 100;
    metres constant double precision := anze.rule_value('HAZ.DUP.METRES', day);
    weights constant numeric[] := array(
        select anze.rule_value('HAZ.DUP.WEIGHT.' || w.part, day)
        from unnest('{WORDS,CRITERION,PLACE,TIME}'::text[]) with ordinality w(part, place) order by w.place);
    words constant text[] := anze.bigrams(h.description);
begin
    return (
        with near as (
            select o as hazard from anze.hazards_near(h, days::integer) o),
        compared as materialized ( -- each pair once
            select n.hazard, (n.hazard).criterion = h.criterion as same_criterion,
                anze.likeness(words, anze.bigrams((n.hazard).description)) as text_likeness,
                anze.hazard_nearness(h, n.hazard, metres) as place_likeness,
                abs(extract(epoch from (n.hazard).found_at - h.found_at))::double precision / 86400 as days_apart
            from near n),
        scored as (
            select c.*, s.score from compared c cross join lateral (
                select sum(p.weight * p.likeness) / nullif(sum(p.weight), 0) as score
                from unnest(weights::double precision[], array[c.text_likeness, c.same_criterion::integer::double precision,
                    c.place_likeness, 1 - c.days_apart / days]) p(weight, likeness)
                where p.likeness is not null) s)
        select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('hazard', anze.hazard_item(s.hazard),
                'score', round(s.score::numeric, 3), 'same_criterion', s.same_criterion,
                'text_likeness', round(s.text_likeness::numeric, 3),
                'place_likeness', round(s.place_likeness::numeric, 3), 'days_apart', round(s.days_apart::numeric, 1)))
            order by s.score desc, (s.hazard).id), '[]')
        from (select * from scored where score >= least_score order by score desc, (hazard).id limit 20) s);
end
$$;

-- The hazard with its case locked, at the version that the caller knows. Two cases are locked in the order of their ids.
create or replace function anze.hazard_lock(hazard uuid, if_match text, other uuid default null) returns anze.hazard
language plpgsql as $$
declare
    h anze.hazard := anze.hazard_in_reach(hazard);
begin
    perform from anze.case_file c
    where c.id in (h.case_id, (select o.case_id from anze.hazard o
                               where o.id = other and o.found_at = anze.id_moment(other)))
    order by c.id for no key update;
    h := anze.hazard_in_reach(hazard);
    perform anze.require_version(h.version, if_match);
    return h;
end
$$;

create or replace function anze.hazard_merger_faults(h anze.hazard, o anze.hazard) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/into_id', w.rule, w.zh, w.en)), '[]')
    from (values
        (o.id is null, 'unknown-reference', '没有该隐患。', 'There is no such hazard.'),
        (o.id = h.id, 'itself', '隐患不能与自身合并。', 'A hazard is not merged into itself.'),
        (o.unit_id <> h.unit_id, 'of-other-unit', '两条隐患属于不同单位。', 'The hazards are of different units.'),
        (o.id <> h.id and not o.is_open, 'not-open', '所并入的隐患已办结或已合并。',
            'The hazard to be merged into is settled, or merged itself.'),
        (h.severity = 'major' and o.severity is distinct from 'major', 'less-severe', '重大隐患不能并入非重大隐患。',
            'A major hazard is merged into a major one only.')
    ) w(holds, rule, zh, en)
    where w.holds
$$;

create or replace function anze.merge_hazard(hazard uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    into_id constant uuid := given ->> 'into_id';
    h anze.hazard := anze.hazard_lock(hazard, if_match, into_id);
    o anze.hazard;
begin
    select x.* into o from anze.hazard x
    where x.id = (given ->> 'into_id')::uuid and x.found_at = anze.id_moment((given ->> 'into_id')::uuid)
        and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id);
    perform anze.refuse_all(anze.hazard_merger_faults(h, o));
    perform anze.case_act(h.case_id, 'merge', given, '[]', true);
    insert into anze.hazard_merger (hazard_id, number, into_id, reason, from_state)
    select h.id, count(*) + 1, o.id, given ->> 'reason', h.state from anze.hazard_merger m where m.hazard_id = h.id;
    update anze.hazard x set merged_into = o.id where x.id = h.id and x.found_at = h.found_at;
    return query select * from anze.hazard_answer(h.id, '201');
end
$$;

-- Parted again: its case goes on where it stood. Who merged what, and who said that it was wrong, stays.
create or replace function anze.undo_hazard_merger(hazard uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    h constant anze.hazard := anze.hazard_lock(hazard, if_match);
    was text;
begin
    update anze.hazard_merger m
    set undone_at = clock_timestamp(), undone_by = coalesce(anze.actor(), 'login:' || session_user),
        undo_reason = given ->> 'reason'
    where m.hazard_id = h.id and m.undone_at is null
    returning m.from_state into was;
    if was is null then
        perform anze.refuse_state('该隐患没有合并。', 'The hazard is not merged.');
    end if;
    update anze.hazard x set merged_into = null where x.id = h.id and x.found_at = h.found_at;
    perform anze.case_act(h.case_id, 'part', given, '[]', true);
    return query select * from anze.hazard_answer(h.id, '200');
end
$$;
