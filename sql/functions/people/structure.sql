-- Rules of structure: since when a unit breaks which of them, from the dates of units, appointments and records.
--
--   holders            each of the posts has at least `minimum_rule` and at most `maximum_rule` holders
--   also_holds         each holder of the posts holds one of the other posts as well
--   portfolios         each holder of the posts has a portfolio
--   qualified_leaders  at least `minimum_rule` holders of the posts have the qualifications
--   qualified_share    of the holders of the posts in the bodies of the region, at least `minimum_rule` percent do
--   full_time          at least `minimum_rule` holders of the posts: full-time for posts of staff, and holding one of
--                      the other posts, where there are some
--   sections           at least `minimum_rule` sections answer to the unit
--   standing_record    at least `minimum_rule` records of the kinds hold, and are published where they must be
--
-- All of them count, day by day, what is good among what there is. A qualification has no date: who has it has it for
-- as long as he holds the post.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.ship_structural_rule(
    code text, title_zh text, title_en text, unit_kinds text[], check_kind text, levels text[] default null,
    sectors text[] default null, site_kinds text[] default null, high_risk_only boolean default false,
    supervision_role text default null, posts text[] default '{}', other_posts text[] default '{}',
    other_supervision_role text default null, qualifications text[] default '{}',
    all_qualifications boolean default false, record_kinds text[] default '{}', must_be_published boolean default false,
    minimum_rule text default 'STRUCT.ONE.MIN', maximum_rule text default null,
    instrument text default 'OPINION-ORDOS-2022', article text default null, confidence text default 'found-local',
    since date default '2022-01-01', accepts_acting boolean default true)
returns text language sql
as $$
    insert into anze.structural_rule as kept (code, clause, title_zh, title_en, unit_kinds, levels, sectors, site_kinds,
        high_risk_only, supervision_role, check_kind, posts, other_posts, other_supervision_role, qualifications,
        all_qualifications, record_kinds, must_be_published, minimum_rule, maximum_rule, instrument, article, confidence,
        in_force, accepts_acting)
    select ship_structural_rule.code, c.clause, ship_structural_rule.title_zh, ship_structural_rule.title_en,
        ship_structural_rule.unit_kinds, ship_structural_rule.levels, ship_structural_rule.sectors,
        ship_structural_rule.site_kinds, ship_structural_rule.high_risk_only, ship_structural_rule.supervision_role,
        ship_structural_rule.check_kind, ship_structural_rule.posts, ship_structural_rule.other_posts,
        ship_structural_rule.other_supervision_role, ship_structural_rule.qualifications,
        ship_structural_rule.all_qualifications, ship_structural_rule.record_kinds,
        ship_structural_rule.must_be_published, ship_structural_rule.minimum_rule, ship_structural_rule.maximum_rule,
        ship_structural_rule.instrument,
        coalesce(ship_structural_rule.article, case when ship_structural_rule.instrument = 'OPINION-ORDOS-2022' then
            (string_to_array('一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 结语', ' '))
                [split_part(c.clause, '.', 1)::int] end),
        ship_structural_rule.confidence, daterange(since, null), ship_structural_rule.accepts_acting
    from (select split_part(substr(ship_structural_rule.code, 2), '-', 1) as clause) c
    on conflict on constraint structural_rule_pkey do update
    set (clause, title_zh, title_en, unit_kinds, levels, sectors, site_kinds, high_risk_only, supervision_role, check_kind,
         posts, other_posts, other_supervision_role, qualifications, all_qualifications, record_kinds,
         must_be_published, minimum_rule, maximum_rule, instrument, article, confidence, in_force, accepts_acting)
        = (excluded.clause, excluded.title_zh, excluded.title_en, excluded.unit_kinds, excluded.levels, excluded.sectors,
           excluded.site_kinds, excluded.high_risk_only, excluded.supervision_role, excluded.check_kind,
           excluded.posts, excluded.other_posts, excluded.other_supervision_role, excluded.qualifications,
           excluded.all_qualifications, excluded.record_kinds, excluded.must_be_published, excluded.minimum_rule,
           excluded.maximum_rule, excluded.instrument, excluded.article, excluded.confidence, excluded.in_force,
           excluded.accepts_acting)
    where to_jsonb(kept) is distinct from to_jsonb(excluded)
    returning kept.code
$$;

-- Whether a rule is about units of this kind.
create or replace function anze.structural_rule_concerns(
    r anze.structural_rule, kind text, level text, sector text, high_risk text[], site_kind text, supervision_role text)
returns boolean immutable parallel safe language sql
return kind = any ((r).unit_kinds)
    and ((r).levels is null or coalesce(level = any ((r).levels), false))
    and ((r).sectors is null or coalesce(sector = any ((r).sectors), false))
    and ((r).site_kinds is null or coalesce(site_kind = any ((r).site_kinds), false))
    and ((r).supervision_role is null or coalesce(supervision_role = (r).supervision_role, false))
    and (not (r).high_risk_only or high_risk <> '{}');

-- The units to judge when some have changed: those, the bodies of their region that count on them, and whom their
-- sections answer to.
create or replace function anze.structure_depends(unit_ids uuid[]) returns uuid[] stable language sql
as $$
    with given as materialized (select u.* from anze.unit u where u.id = any (unit_ids))
    select array(
        select g.id from given g
        union
        select g.accountable_to from given g where g.kind = 'section' and g.accountable_to is not null
        union
        select s.accountable_to from given g join anze.unit_span s on s.unit_id = g.id
        where g.kind = 'section' and s.accountable_to is not null
        union
        select b.id from anze.unit b
        where b.is_body and b.kind in ('government', 'township', 'safety_office')
            and b.region_code in (select g.region_code from given g where g.is_body))
$$;

-- Which rules concern which of the units today, and from which day on.
create or replace function anze.structure_concerned(unit_ids uuid[])
returns table (unit_id uuid, region_code text, rule anze.structural_rule, since date) stable language sql
as $$
    select u.id, u.region_code, r, greatest(u.opened_on, lower(r.in_force), other.until)
    from anze.unit u
    join anze.structural_rule r on r.in_force @> anze.today()
        and anze.structural_rule_concerns(r, u.kind, u.level, u.sector, u.high_risk, u.site_kind, u.supervision_role)
    left join lateral (
        select max(upper(s.during)) as until
        from anze.unit_span s
        where s.unit_id = u.id and upper(s.during) <= anze.today()
            and not anze.structural_rule_concerns(r, s.kind, s.level, s.sector, s.high_risk, s.site_kind,
                                                  s.supervision_role)) other on true
    where u.id = any (unit_ids) and u.opened_on <= anze.today() and coalesce(u.closed_on > anze.today(), true)
$$;

-- On which days a person holds one of the other posts that a rule asks for: in the same unit where the post exists
-- there, else in a body of the same region.
create or replace function anze.structure_other_days(r anze.structural_rule, person uuid, unit uuid, region text)
returns datemultirange stable language sql
as $$
    select coalesce(range_agg(o.held), '{}')
    from anze.appointment o
    join anze.unit ou on ou.id = o.unit_id
    join anze.post p on p.code = o.post
    where o.person_id = person and o.post = any ((r).other_posts)
        and (o.unit_id = unit
             or ou.region_code = region and not (p.unit_kinds && (r).unit_kinds))
        and ((r).other_supervision_role is null or ou.supervision_role = (r).other_supervision_role)
$$;

-- Whether a holder of a post is what a rule asks for, his other posts aside.
create or replace function anze.structure_fits(r anze.structural_rule, qualifications text[], portfolio text[],
                                               is_full_time boolean)
returns boolean immutable parallel safe language sql
return case when (r).qualifications = '{}' then true
            when (r).all_qualifications then qualifications @> (r).qualifications
            else qualifications && (r).qualifications end
    and ((r).check_kind <> 'portfolios' or portfolio <> '{}')
    and ((r).check_kind <> 'full_time' or is_full_time);

-- On which days an appointment counts for its post: one of somebody acting where the rule takes it, and that of the holder
-- not while somebody acts in his place, so that a post is not held twice by that.
create or replace function anze.structure_post_days(r anze.structural_rule, a anze.appointment) returns datemultirange
stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if a.kind = 'acting' then
        return case when r.accepts_acting then datemultirange(a.held) else '{}' end;
    elsif not r.accepts_acting then
        return datemultirange(a.held);
    end if;
    return datemultirange(a.held) - coalesce((
        select range_agg(x.held) from anze.appointment x
        where x.unit_id = a.unit_id and x.post = a.post and x.kind = 'acting'), '{}');
end
$$;

-- What counts for a rule in a unit: from when to when it is there (the whole), and on which of these days it is as the
-- rule wants it (good). Posts of `holders` are counted one by one, everything else together.
create or replace function anze.structure_facts(unit_ids uuid[])
returns table (unit_id uuid, rule text, part text, person_id uuid, held daterange, good datemultirange)
stable language sql
as $$
    with concerned as materialized (select c.* from anze.structure_concerned(unit_ids) c),
    counted as (
        select c.unit_id, c.region_code, c.rule, c.unit_id as counted_id from concerned c
        where (c.rule).check_kind <> 'qualified_share'
        union all
        select c.unit_id, c.region_code, c.rule, b.id from concerned c
        join anze.unit b on b.is_body and b.region_code = c.region_code
        where (c.rule).check_kind = 'qualified_share')
    select c.unit_id, (c.rule).code, case when (c.rule).check_kind = 'holders' then a.post else '' end, a.person_id, a.held,
        case when not anze.structure_fits(c.rule, p.qualifications, a.portfolio, a.is_full_time) then '{}'
             when (c.rule).other_posts = '{}' then anze.structure_post_days(c.rule, a)
             else datemultirange(a.held)
                  * anze.structure_other_days(c.rule, a.person_id, c.unit_id, c.region_code) end
    from counted c
    cross join lateral (
        select x.* from anze.appointment x
        where x.unit_id = c.counted_id and x.post = any ((c.rule).posts) offset 0) a
    cross join lateral (select p.qualifications from anze.person p where p.id = a.person_id offset 0) p
    union all
    select c.unit_id, (c.rule).code, '', null, daterange(s.opened_on, s.closed_on),
        datemultirange(daterange(s.opened_on, s.closed_on))
    from concerned c
    cross join lateral (
        select s.opened_on, s.closed_on from anze.unit s
        where s.accountable_to = c.unit_id and s.kind = 'section' offset 0) s
    where (c.rule).check_kind = 'sections'
    union all
    select c.unit_id, (c.rule).code, '', null, d.days, datemultirange(d.days)
    from concerned c
    cross join lateral (
        select r.valid, r.on_day, r.published_on from anze.duty_record r
        where r.unit_id = c.unit_id and r.kind = any ((c.rule).record_kinds) and r.retracted_at is null
            and (r.published_on is not null or not (c.rule).must_be_published) offset 0) r
    cross join lateral (
        select coalesce(r.valid, daterange(r.on_day, null))
            * daterange(case when (c.rule).must_be_published then r.published_on end, null) as days) d
    where (c.rule).check_kind = 'standing_record' and not isempty(d.days)
$$;

-- The figures of each rule, by the days for which they count: the nation's, and those of regions (by their prefixes). Whatever
-- breaks a figure breaks a stricter one, so all that contain a place count there.
create or replace function anze.structure_limits()
returns table (rule text, days daterange, minimum numeric, maximum numeric, low_prefix text, high_prefix text)
stable language sql
as $$
    select r.code, r.in_force * coalesce(low.in_force, '(,)') * coalesce(high.in_force, '(,)'), low.value, high.value,
        coalesce(low.region_prefix, ''), coalesce(high.region_prefix, '')
    from anze.structural_rule r
    left join anze.rule low on low.code = r.minimum_rule
    left join anze.rule high on high.code = r.maximum_rule
    where not isempty(r.in_force * coalesce(low.in_force, '(,)') * coalesce(high.in_force, '(,)'))
$$;

-- How many are there and how many are good, part by part, from day to day until today and on.
create or replace function anze.structure_counts(unit_ids uuid[])
returns table (unit_id uuid, rule text, part text, days daterange, good bigint, whole bigint) stable language sql
as $$
    with part as materialized (
        select c.unit_id, (c.rule).code as rule, p.part, c.since
        from anze.structure_concerned(unit_ids) c
        cross join lateral unnest(
            case when (c.rule).check_kind = 'holders' then (c.rule).posts else array[''] end) p(part)),
    fact as materialized (select f.* from anze.structure_facts(unit_ids) f),
    run as (
        select f.unit_id, f.rule, f.part, f.held as days, 0 as good, 1 as whole from fact f
        union all
        select f.unit_id, f.rule, f.part, g.days, 1, 0 from fact f cross join lateral unnest(f.good) g(days)),
    step as (
        select p.unit_id, p.rule, p.part, p.since as day, 0 as good, 0 as whole from part p
        union all
        select p.unit_id, p.rule, p.part, e.day, e.sign * r.good, e.sign * r.whole
        from part p
        join run r on r.unit_id = p.unit_id and r.rule = p.rule and r.part = p.part
        cross join lateral (values (greatest(lower(r.days), p.since), 1), (upper(r.days), -1)) e(day, sign)
        where coalesce(upper(r.days) > p.since, true) and e.day <= anze.today()),
    day as (
        select s.unit_id, s.rule, s.part, s.day, sum(s.good) as good, sum(s.whole) as whole
        from step s group by s.unit_id, s.rule, s.part, s.day)
    select d.unit_id, d.rule, d.part, daterange(d.day, lead(d.day) over part_days), (sum(d.good) over part_days)::bigint,
        (sum(d.whole) over part_days)::bigint
    from day d
    window part_days as (partition by d.unit_id, d.rule, d.part order by d.day)
$$;

-- What is to be said of each unit and rule today: since when it is broken (NULL: it is not), when it was last mended,
-- and what is wrong with it.
create or replace function anze.structure_verdicts(unit_ids uuid[])
returns table (unit_id uuid, rule text, since date, mended_on date, detail jsonb) stable language sql
as $$
    with wrong as (
        select c.unit_id, c.rule, c.part, c.days * l.days as days, c.good, c.whole, l.minimum, l.maximum, r.check_kind
        from anze.structure_counts(unit_ids) c
        join anze.unit u on u.id = c.unit_id
        join anze.structure_limits() l on l.rule = c.rule and l.days && c.days
            and starts_with(u.region_code, l.low_prefix) and starts_with(u.region_code, l.high_prefix)
        join anze.structural_rule r on r.code = c.rule
        where case when r.check_kind in ('also_holds', 'portfolios') then c.good < c.whole
                   when r.check_kind = 'qualified_share' then c.good * 100 < l.minimum * c.whole
                   else c.good < l.minimum or c.good > l.maximum end),
    broken as (
        select w.unit_id, w.rule, range_agg(w.days) as days from wrong w group by w.unit_id, w.rule),
    standing as ( -- today, by the strictest figure of each part
        select distinct on (w.unit_id, w.rule, w.part) w.* from wrong w where w.days @> anze.today()
        order by w.unit_id, w.rule, w.part, w.minimum desc, w.maximum),
    told as (
        select w.unit_id, w.rule, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'post', nullif(w.part, ''), 'good', w.good,
                'whole', case when w.check_kind not in ('holders', 'sections', 'standing_record') then w.whole end,
                'minimum', case when w.check_kind not in ('also_holds', 'portfolios') then w.minimum end,
                'maximum', w.maximum)) order by w.part) as parts
        from standing w group by w.unit_id, w.rule)
    select c.unit_id, (c.rule).code, t.since, t.mended_on, jsonb_build_object('counts', coalesce(p.parts, '[]'))
    from anze.structure_concerned(unit_ids) c
    left join broken b on b.unit_id = c.unit_id and b.rule = (c.rule).code
    left join told p on p.unit_id = c.unit_id and p.rule = (c.rule).code
    cross join lateral (
        select min(lower(d.days)) filter (where d.days @> anze.today()) as since,
            max(upper(d.days)) filter (where upper(d.days) <= anze.today()) as mended_on
        from unnest(b.days) d(days)) t
$$;

-- Judges units, and those whose structure counts on them: opens what is broken, with the first day on which it was, and
-- ends what is not broken any more. Returns how many findings were opened, ended or corrected.
create or replace function anze.refresh_findings(unit_ids uuid[]) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    judged constant uuid[] := anze.structure_depends(unit_ids);
    written bigint;
begin
    with verdict as materialized (
        select v.*, u.region_code, u.sector
        from anze.structure_verdicts(judged) v join anze.unit u on u.id = v.unit_id),
    past as materialized (
        select f.id, greatest(f.since, case when v.unit_id is null then least(u.closed_on, anze.today())
                                            else v.mended_on end) as ended_on
        from anze.structural_finding f
        join anze.unit u on u.id = f.unit_id
        left join verdict v on v.unit_id = f.unit_id and v.rule = f.rule
        where f.unit_id = any (judged) and f.ended_on is null and (v.since is null or v.since > f.since)),
    ended as (
        update anze.structural_finding f set ended_on = p.ended_on from past p where f.id = p.id returning 1),
    -- It reads `ended`, so that what is ended is so before what follows it is opened: one rule is open once a unit.
    opened as (
        insert into anze.structural_finding as kept (unit_id, rule, since, detail, region_code, sector)
        select v.unit_id, v.rule, v.since, v.detail, v.region_code, v.sector
        from verdict v
        cross join (select count(*) from ended) done
        where v.since is not null
        order by v.unit_id, v.rule
        on conflict (unit_id, rule) where ended_on is null do update
        set since = excluded.since, detail = excluded.detail, region_code = excluded.region_code,
            sector = excluded.sector
        where (kept.since, kept.detail, kept.region_code, kept.sector)
            is distinct from (excluded.since, excluded.detail, excluded.region_code, excluded.sector)
        returning 1)
    select (select count(*) from ended) + (select count(*) from opened) into written;
    return written;
end
$$;
