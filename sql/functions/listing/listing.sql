-- Opening listed cases, what grassroots ask of those above, and hazards treated as accidents; what the public sees.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The level of government of a body: its own, or that of its seat.
create or replace function anze.body_level(body anze.unit) returns smallint stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce((select l.rank from anze.level l where l.code = body.level),
        anze.region_level(body.region_code))
    where body.id is not null
$$;

-- The case that a request names as the one that it comes from, locked, if the caller sees it; a row of NULLs otherwise.
-- Of two requests at a time one waits: what the other opened from the case is there when it looks.
create or replace function anze.parent_case(given jsonb) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    c anze.case_file;
begin
    select * into c from anze.case_file x
    where x.id = (given ->> 'parent_id')::uuid and anze.case_is_seen(x)
    for no key update;
    return c;
end
$$;

create or replace function anze.parent_faults(given jsonb, parent anze.case_file, kinds text[]) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select case
    when not given ? 'parent_id' then '[]'
    when parent.id is null then anze.fault('/parent_id', 'unknown-reference', '没有该案件。', 'There is no such case.')
    when parent.kind <> all (kinds) then anze.fault('/parent_id', 'wrong-kind', '该案件的类型不适用。',
        'The case is of another kind.')
    else '[]' end
$$;

-- The unit that it is about: that of the case it comes from, or the one that is named.
create or replace function anze.unit_of_matter(given jsonb, parent anze.case_file) returns anze.unit
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.unit_in_reach(coalesce(parent.unit_id, (given ->> 'unit_id')::uuid))
$$;

create or replace function anze.unit_of_matter_faults(given jsonb, parent anze.case_file, u anze.unit) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select case
    when given ? 'parent_id' and (parent.id is null or not given ? 'unit_id') then '[]'
    when given ? 'unit_id' and parent.unit_id <> (given ->> 'unit_id')::uuid then anze.fault('/unit_id', 'of-other-unit',
        '与所依据案件的单位不一致。', 'The case that it comes from is of another unit.')
    when u.id is null and given ? 'unit_id' then anze.fault('/unit_id', 'unknown-reference',
        '没有该单位，或不在您的管辖范围内。', 'There is no such unit, or it is outside your scope.')
    when u.id is null then anze.fault('/unit_id', 'required', '请给出单位。', 'Give the unit.')
    else '[]' end
$$;

create or replace function anze.supervisor_faults(supervisor uuid, pointer text) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select case when supervisor is null or exists (
        select from anze.unit u where u.id = supervisor and u.is_body
            and anze.can_see_unit(u.region_code, u.sector, u.id, u.is_body)) then '[]'
    else anze.fault(pointer, 'unknown-reference', '没有该机构。', 'There is no such body.') end
$$;

-- Listed supervision --------------------------------------------------------------------------------------------------------

-- The level of the government that answers for an accident, by the rule of its grade on its day.
create or replace function anze.accident_answering_level(accident uuid) returns smallint stable language sql
set search_path = pg_catalog, pg_temp as $$
    select anze.rule_value(g.answering_rule, anze.day_of(a.occurred_at))::smallint
    from anze.accident a join anze.accident_grade g on g.rank = coalesce(a.grade, 1)
    where a.id = accident
$$;

-- 对初步认定瞒报事故一律由上级安委会挂牌督办: one level above the one that answers for the accident.
create or replace function anze.listing_level(given jsonb) returns smallint stable language sql
set search_path = pg_catalog, pg_temp as $$
    select case when given ->> 'category' = 'suspected_concealment'
        then (select least(max(l.rank), anze.accident_answering_level((given ->> 'accident_id')::uuid) + 1)::smallint
              from anze.level l)
        else (select l.rank from anze.level l where l.code = given ->> 'level') end
$$;

create or replace function anze.listing_level_faults(given jsonb, level smallint) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
    from (values
        (given ->> 'category' <> 'suspected_concealment' and not given ? 'level', '/level', 'required',
            '请给出挂牌层级。', 'Give the level.'),
        (given ->> 'category' = 'suspected_concealment' and not given ? 'accident_id', '/accident_id', 'required',
            '请给出涉嫌瞒报的事故。', 'Name the accident that may have been concealed.'),
        -- Row-level security of accidents binds the owner too: only what the caller sees is there.
        (given ? 'accident_id' and not exists (
            select from anze.accident a where a.id = (given ->> 'accident_id')::uuid), '/accident_id', 'unknown-reference',
            '没有该事故。', 'There is no such accident.'),
        (given ->> 'category' = 'suspected_concealment' and given ->> 'level' <> anze.level_code(level),
            '/level', 'not-the-upper-level', format('涉嫌瞒报的事故由上级挂牌督办，应为%s。', (
                select l.title_zh from anze.level l where l.rank = listing_level_faults.level)),
            format('Suspected concealment is listed by the level above: %s.', anze.level_code(level))),
        (given ->> 'category' <> 'suspected_concealment' and level < anze.caller_level(), '/level',
            'below-own-level', '不能提请下级挂牌。', 'It is proposed to your own level, or to one above.')
    ) f(holds, pointer, rule, zh, en)
    where f.holds
$$;

create or replace function anze.propose_listing(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    parent constant anze.case_file := anze.parent_case(given);
    u constant anze.unit := anze.unit_of_matter(given, parent);
    level constant smallint := anze.listing_level(given);
    supervisor constant uuid := given ->> 'supervisor_id';
    c anze.case_file;
begin
    perform anze.refuse_all('[]'::jsonb || anze.parent_faults(given, parent, '{hazard,hazard_as_accident}')
        || anze.unit_of_matter_faults(given, parent, u) || anze.listing_level_faults(given, level)
        || anze.supervisor_faults(supervisor, '/supervisor_id')
        || anze.evidence_faults(coalesce(given -> 'evidence', '[]')));
    if exists (select from anze.case_file x
               where x.parent_id = parent.id and x.kind = 'listed_supervision' and x.is_open) then
        perform anze.refuse_state('该隐患已在挂牌督办中。', 'It is listed already.');
    end if;
    c := anze.open_case('listed_supervision', coalesce(parent.unit_id, u.id), supervisor, level, given ->> 'title',
        given - '{parent_id,unit_id,level,title,supervisor_id,evidence}'::text[], parent.id,
        given - '{evidence}'::text[], coalesce(given -> 'evidence', '[]'));
    return query select '201', a.body, a.etag, a.location from anze.case_answer(c) a;
end
$$;

-- A listed case in a list.
create or replace function anze.listed_case_item(c anze.case_file) returns jsonb stable parallel safe language sql as $$
    select anze.case_head(c) || jsonb_strip_nulls(jsonb_build_object('category', c.facts ->> 'category',
        'document_number', c.facts ->> 'document_number', 'leader', c.facts ->> 'leader', 'due_on', c.facts ->> 'due_on',
        'published_on', c.facts ->> 'published_on', 'late_count', coalesce((c.facts ->> 'late_count')::integer, 0),
        'is_stopped', coalesce((c.facts ->> 'is_stopped')::boolean, false)))
$$;

-- What anybody may read of a case that is published and open, and nothing else of it.
create or replace function anze.public_listed_case(c anze.case_file) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object('id', c.id, 'title', c.title, 'unit', u.name,
            'region_code', c.region_code, 'category', c.facts ->> 'category',
            'level', anze.level_code(c.level), 'state', c.state, 'state_title_zh', s.title_zh,
            'state_title_en', s.title_en, 'supervisor', v.name, 'document_number', c.facts ->> 'document_number',
            'published_on', c.facts ->> 'published_on', 'due_on', c.facts ->> 'due_on'))
        from anze.unit u
        join anze.case_state s on (s.kind, s.version, s.code) = (c.kind, c.kind_version, c.state)
        left join anze.unit v on v.id = c.supervisor_id
        where u.id = c.unit_id);
end
$$;

-- A page of them, with the owner's rights: no caller is known. The index of public cases gives their order. is_public
-- alone decides: no state before the publication has it, and case_enter takes it from what is withheld.
create or replace function anze.public_listed_cases(after_at timestamptz, after_id uuid, region text, category text,
    max_items integer, out items text, out next text)
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    select coalesce(jsonb_agg(f.shown order by f.number) filter (where f.number <= max_items), '[]')::text,
        case when count(*) > max_items then jsonb_build_array(
            (array_agg(f.opened_at order by f.number))[max_items]::text,
            (array_agg(f.id order by f.number))[max_items])::text end
    into items, next
    from (
        select c.id, c.opened_at, anze.public_listed_case(c) as shown, row_number() over () as number
        from (
            select x.* from anze.case_file x
            where x.kind = 'listed_supervision' and x.is_public and x.is_open
                and (x.opened_at, x.id) < (after_at, after_id)
                and (public_listed_cases.region is null or starts_with(x.region_code, anze.region_prefix(public_listed_cases.region)))
                and (public_listed_cases.category is null or x.facts ->> 'category' = public_listed_cases.category)
            order by x.opened_at desc, x.id desc
            limit max_items + 1) c) f;
end
$$;

-- Grassroots ask upward -----------------------------------------------------------------------------------------------------

-- The committee that is nearest above a place (a town has none of its own): the committee itself before its office.
create or replace function anze.committee_of(place text) returns anze.unit stable language sql
set search_path = pg_catalog, pg_temp as $$
    select u from anze.unit u
    where u.is_body and u.kind in ('safety_committee', 'safety_office')
        and (u.closed_on is null or u.closed_on > anze.today())
        and starts_with(place, anze.region_prefix(u.region_code))
    order by length(anze.region_prefix(u.region_code)) desc, u.kind, u.id limit 1
$$;

-- The department that supervises a sector at the level above a committee; of comprehensive supervision where none does.
create or replace function anze.department_above(committee anze.unit, sector text) returns anze.unit
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select u from anze.unit u
    where u.is_body and u.kind = 'department' and (u.closed_on is null or u.closed_on > anze.today())
        and length(anze.region_prefix(u.region_code)) < length(anze.region_prefix(committee.region_code))
        and starts_with(committee.region_code, anze.region_prefix(u.region_code))
        and (u.supervision_role = 'comprehensive' or department_above.sector = any (u.supervised_sectors))
    order by length(anze.region_prefix(u.region_code)) desc, u.supervision_role = 'comprehensive', u.id limit 1
$$;

-- Whose duty it is to report what is beyond its power, of who raises it: by the catalogue of the day (clause 6.11).
create or replace function anze.unit_owing_on(event text) returns anze.unit stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    u constant anze.unit := (select x from anze.unit x where x.id = anze.unit());
begin
    return case when exists (
        select from anze.duty d
        join anze.unit_span s on s.unit_id = u.id and s.during @> anze.today() and anze.duty_binds(d, s)
        where d.period = 'event' and d.event = unit_owing_on.event and d.in_force @> anze.today()) then u end;
end
$$;

create or replace function anze.escalation_event_faults(given jsonb, raiser anze.unit) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    select case when not given ? 'event_id' or exists (
        select from anze.duty_event e
        where e.id = (given ->> 'event_id')::uuid and e.unit_id = raiser.id and e.kind = 'beyond_local_power') then '[]'
    else anze.fault('/event_id', 'unknown-reference', '没有本单位的这一触发事件。', 'There is no such event of your body.') end
$$;

-- Raising it is what the duty asks for: the record comes with it, of the event that is named or of one of its own. (What a
-- duty owes for an event is planned with the event.)
create or replace function anze.escalation_is_record(c anze.case_file, given jsonb, raiser anze.unit) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    of_event uuid := given ->> 'event_id';
    r anze.duty_record;
begin
    if of_event is null then
        insert into anze.duty_event (kind, unit_id, occurred_at, subject, note, region_code, sector)
        values ('beyond_local_power', raiser.id, c.opened_at, c.title, '/v1/cases/' || c.id, raiser.region_code, raiser.sector)
        returning id into of_event;
        perform anze.plan_event(of_event);
    end if;
    r := anze.duty_record_keep(anze.duty_record_of(jsonb_build_object('kind', 'issue', 'title', c.title,
        'on_day', anze.day_of(c.opened_at), 'event_id', of_event, 'evidence', coalesce(given -> 'evidence', '[]'),
        'content', jsonb_build_object('matter', given ->> 'matter', 'source', '/v1/cases/' || c.id,
            'handling', '已报告本级安委会和上级主管部门：' || (given ->> 'asks_for'))), raiser), '{}');
    perform anze.settle_records(array[r.id]);
end
$$;

create or replace function anze.raise_escalation(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    parent constant anze.case_file := anze.parent_case(given);
    u constant anze.unit := anze.unit_of_matter(given, parent);
    committee constant anze.unit := anze.committee_of(coalesce(anze.seat(), anze.region()));
    raiser constant anze.unit := anze.unit_owing_on('beyond_local_power');
    superior uuid := given ->> 'superior_id';
    c anze.case_file;
begin
    perform anze.refuse_all('[]'::jsonb
        || anze.parent_faults(given, parent, '{hazard,listed_supervision,hazard_as_accident}')
        || anze.unit_of_matter_faults(given, parent, u) || anze.supervisor_faults(superior, '/superior_id')
        || anze.escalation_event_faults(given, raiser) || anze.evidence_faults(coalesce(given -> 'evidence', '[]')));
    if committee.id is null then
        perform anze.refuse_state('本级及上级尚未登记安委会。', 'No safety committee is registered here or above.');
    end if;
    superior := coalesce(superior, (anze.department_above(committee, coalesce(parent.sector, u.sector))).id);
    c := anze.open_case('escalation', coalesce(parent.unit_id, u.id), committee.id, anze.body_level(committee),
        given ->> 'title', given - '{parent_id,unit_id,title,superior_id,event_id,evidence}'::text[]
            || jsonb_build_object('superior_id', superior, 'raised_level', anze.level_code(anze.caller_level())),
        parent.id, given - '{evidence}'::text[], coalesce(given -> 'evidence', '[]'));
    if raiser.id is not null then
        perform anze.escalation_is_record(c, given, raiser);
    end if;
    return query select '201', a.body, a.etag, a.location from anze.case_answer(c) a;
end
$$;

-- A hazard treated as an accident -------------------------------------------------------------------------------------------

-- 未列入清单、经查实属于重大隐患的，当作事故对待: judged major, and nobody had proposed to list it.
create or replace function anze.treat_as_accident(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    parent constant anze.case_file := anze.parent_case(given);
    supervisor constant uuid := given ->> 'supervisor_id';
    c anze.case_file;
begin
    perform anze.refuse_all('[]'::jsonb || anze.parent_faults(given, parent, '{hazard}')
        || anze.supervisor_faults(supervisor, '/supervisor_id')
        || anze.evidence_faults(coalesce(given -> 'evidence', '[]')));
    if parent.facts ->> 'severity' is distinct from 'major' then
        perform anze.refuse_state('该隐患未判定为重大隐患。', 'The hazard was not judged major.');
    elsif exists (select from anze.case_file x where x.parent_id = parent.id
                      and (x.kind = 'listed_supervision' and x.state <> 'refused' or x.kind = 'hazard_as_accident')) then
        perform anze.refuse_state('该隐患已列入挂牌督办，或已当作事故对待。', 'It was listed, or is treated as an accident already.');
    end if;
    c := anze.open_case('hazard_as_accident', parent.unit_id, coalesce(supervisor, parent.supervisor_id),
        greatest(parent.level, anze.rule_value('HAZACC.LEVEL', anze.today()))::smallint, left('当作事故对待：' || parent.title, 200),
        given - '{parent_id,supervisor_id,evidence}'::text[], parent.id, given - '{evidence}'::text[],
        coalesce(given -> 'evidence', '[]'));
    return query select '201', a.body, a.etag, a.location from anze.case_answer(c) a;
end
$$;
