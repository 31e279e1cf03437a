-- The history of units: each change of anze.unit becomes a span, from the day that the change takes effect.
create or replace function anze.spans_begin() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.unit_span (unit_id, during, kind, name, credit_code, region_code, sector, level,
        supervision_role, supervised_sectors, accountable_to, risk_class, site_kind, high_risk, group_id, zone_id,
        is_body)
    select u.id, daterange(u.opened_on, u.closed_on), u.kind, u.name, u.credit_code, u.region_code, u.sector, u.level,
        u.supervision_role, u.supervised_sectors, u.accountable_to, u.risk_class, u.site_kind, u.high_risk, u.group_id,
        u.zone_id, u.is_body
    from touched u;
    return null;
end
$$;

-- The spans of a unit as its rows say that they should be: opening and closing day moved, the state of a day on.
-- What the last span says and the unit no longer is, ends on the day. For few units (one update) and for many alike.
create or replace function anze.spans_follow() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    day constant date := anze.effective_on();
    bounds_moved uuid[];
    changed uuid[];
begin
    select array_agg(t.id) filter (where f.opens <> t.opened_on or upper(s.during) is distinct from t.closed_on),
        array_agg(t.id) filter (where
            (s.kind, s.name, s.credit_code, s.region_code, s.sector, s.level, s.supervision_role, s.supervised_sectors,
             s.accountable_to, s.risk_class, s.site_kind, s.high_risk, s.group_id, s.zone_id)
            is distinct from
            (t.kind, t.name, t.credit_code, t.region_code, t.sector, t.level, t.supervision_role, t.supervised_sectors,
             t.accountable_to, t.risk_class, t.site_kind, t.high_risk, t.group_id, t.zone_id))
    into bounds_moved, changed
    from touched t
    cross join lateral (select x.* from anze.unit_span x where x.unit_id = t.id order by x.during desc limit 1) s
    cross join lateral (
        select lower(x.during) as opens from anze.unit_span x where x.unit_id = t.id order by x.during limit 1) f;
    if bounds_moved is not null then
        perform anze.move_span_bounds(bounds_moved);
    end if;
    if changed is not null then
        perform anze.turn_spans(changed, day);
    end if;
    return null;
end
$$;

-- The first span begins when the unit opened, the last one ends when it closed.
create or replace function anze.move_span_bounds(unit_ids uuid[]) returns void language plpgsql as $$
begin
    if exists (
        select from anze.unit u
        where u.id = any (unit_ids)
          and u.opened_on >= (select upper(s.during) from anze.unit_span s where s.unit_id = u.id
                              order by s.during limit 1))
    then
        perform anze.refuse('AZ422', '成立日期应早于单位的首次变更。', 'A unit opened before it first changed.',
            '/opened_on', 'after-first-change');
    end if;
    if exists (
        select from anze.unit u
        where u.id = any (unit_ids)
          and u.closed_on <= (select lower(s.during) from anze.unit_span s where s.unit_id = u.id
                              order by s.during desc limit 1))
    then
        perform anze.refuse_before_span();
    end if;
    update anze.unit_span s
    set during = daterange(u.opened_on, upper(s.during))
    from anze.unit u
    where u.id = any (unit_ids) and s.unit_id = u.id and lower(s.during) <> u.opened_on
      and s.during = (select x.during from anze.unit_span x where x.unit_id = u.id order by x.during limit 1);
    update anze.unit_span s
    set during = daterange(lower(s.during), u.closed_on)
    from anze.unit u
    where u.id = any (unit_ids) and s.unit_id = u.id and upper(s.during) is distinct from u.closed_on
      and s.during = (select x.during from anze.unit_span x where x.unit_id = u.id order by x.during desc limit 1);
end
$$;

-- From the day on the units are what their rows say. A span that began on this very day is written over: nobody was
-- what it said.
create or replace function anze.turn_spans(unit_ids uuid[], day date) returns void language plpgsql as $$
begin
    if exists (
        select from anze.unit u
        cross join lateral (select x.during from anze.unit_span x where x.unit_id = u.id
                            order by x.during desc limit 1) s
        where u.id = any (unit_ids) and (day < lower(s.during) or day >= upper(s.during)))
    then
        perform anze.refuse_before_span();
    end if;
    delete from anze.unit_span s where s.unit_id = any (unit_ids) and lower(s.during) = day;
    update anze.unit_span s set during = daterange(lower(s.during), day)
    where s.unit_id = any (unit_ids) and s.during @> day;
    insert into anze.unit_span (unit_id, during, kind, name, credit_code, region_code, sector, level,
        supervision_role, supervised_sectors, accountable_to, risk_class, site_kind, high_risk, group_id, zone_id,
        is_body)
    select u.id, daterange(day, u.closed_on), u.kind, u.name, u.credit_code, u.region_code, u.sector, u.level,
        u.supervision_role, u.supervised_sectors, u.accountable_to, u.risk_class, u.site_kind, u.high_risk, u.group_id,
        u.zone_id, u.is_body
    from anze.unit u where u.id = any (unit_ids);
end
$$;

create or replace function anze.refuse_before_span() returns void language plpgsql as $$
begin
    perform anze.refuse('AZ422', '生效日期不得早于有关单位最近一次变更，且应在其存续期间内。',
        'The day is not before the last change of a unit that it concerns, and within its lifetime.', '/effective_on',
        'before-last-change');
end
$$;

create or replace trigger span_inserted after insert on anze.unit referencing new table as touched
    for each statement execute function anze.spans_begin();
create or replace trigger span_updated after update on anze.unit referencing new table as touched
    for each statement execute function anze.spans_follow();

-- People and posts lie where their unit lies, so that the same callers see them.
create or replace function anze.people_follow() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.person p set region_code = t.region_code, sector = t.sector, is_body = t.is_body
    from touched t
    where p.unit_id = t.id
      and (p.region_code, p.sector, p.is_body) is distinct from (t.region_code, t.sector, t.is_body);
    update anze.appointment a set region_code = t.region_code, sector = t.sector, is_body = t.is_body
    from touched t
    where a.unit_id = t.id
      and (a.region_code, a.sector, a.is_body) is distinct from (t.region_code, t.sector, t.is_body);
    update anze.voided_appointment v set region_code = t.region_code, sector = t.sector, is_body = t.is_body
    from touched t
    where v.unit_id = t.id
      and (v.region_code, v.sector, v.is_body) is distinct from (t.region_code, t.sector, t.is_body);
    return null;
end
$$;
create or replace trigger people_follow after update on anze.unit referencing new table as touched
    for each statement execute function anze.people_follow();
