-- Rows for every list, so many under every scope that reading all of them would show. :own is a unit of its own 6,000;
-- :top has 200 sites under it with 30 each; the other enterprises have 300. Whatever a filter asks for is every second to
-- every tenth row, independent of the unit. Foreign keys and triggers rest.
insert into anze.unit (id, kind, name, region_code, sector, accountable_to)
values (:top, 'enterprise', '集团矿业', '150622101', 'coal', :government);
insert into anze.unit (id, kind, name, region_code, sector, accountable_to, site_kind)
select md5('site' || g)::uuid, 'site', '下属工点' || g, '150622101', 'coal', :top, 'mine' from generate_series(1, 200) g;
insert into anze.unit (kind, name, code, region_code, sector, accountable_to, site_kind, risk_class, high_risk, group_id, zone_id,
    opened_on, closed_on, updated_at, credit_code)
select case g % 2 when 0 then 'site' else 'enterprise' end, '众多单位' || g, 'M-' || g, '150622101',
    (array['coal', 'fire', 'road_traffic'])[g % 3 + 1], :government, case when g % 2 = 0 then
        (array['major_hazard_source', 'mine', 'tailings_pond', 'other'])[g / 2 % 4 + 1] end,
    (array['red', 'orange', 'yellow', 'blue'])[g / 8 % 4 + 1], case when g % 5 = 0 then '{mine}'::text[] else '{}' end,
    case when g % 7 = 0 then :own::uuid end, case when g % 5 = 1 then :own::uuid end, '2020-01-01',
    case when g % 11 = 0 then date '2025-01-01' end, timestamptz '2026-06-01' - g * interval '1 hour', null
from generate_series(1, 7000) g;
insert into anze.hazard_source (unit_id, grade, region_code, sector)
select u.id, 1 + abs(hashtext(u.id::text)) % 4, u.region_code, u.sector from anze.unit u where u.site_kind = 'major_hazard_source';
insert into anze.unit_light (unit_id, colour, since, region_code, sector, unit_kind)
select u.id, (array['red', 'yellow', 'green'])[1 + abs(hashtext(u.name)) % 3], u.updated_at, u.region_code, u.sector, u.kind
from anze.unit u on conflict do nothing;

create table public.crowd as
select u.id as unit_id, u.region_code, u.sector, g, abs(hashtextextended(u.id::text || g, 1) % 1000)::int as r,
    abs(hashtextextended(u.id::text || g, 2) % 1000)::int as s, abs(hashtextextended(u.id::text || g, 3) % 1000)::int as t,
    date '2026-10-20' - (g * 11 % 390) as day,
    timestamptz '2026-10-20' - (g * 11 % 390) * interval '1 day' - abs(hashtextextended(u.id::text || g, 4) % 86400) * interval '1 second' as at
from anze.unit u
cross join lateral generate_series(1, case when u.id = :own then 6000 when u.accountable_to = :top then 30 when u.name like '众多%'
    then 0 when u.kind = 'enterprise' and u.id <> :top then 300 else 0 end) g;
analyze public.crowd;

insert into anze.person (id, unit_id, code, name, qualifications, region_code, sector, is_body)
select md5(c.unit_id::text || c.g)::uuid, c.unit_id, case when c.g < 5 then 'P' || c.unit_id || c.g end, '某' || c.r || '号' || c.g,
    case when c.s % 3 = 0 then '{safety_education}'::text[] else '{}' end, c.region_code, c.sector, false
from public.crowd c;
insert into anze.appointment (person_id, unit_id, post, held, portfolio, region_code, sector, is_body)
select md5(c.unit_id::text || c.g)::uuid, c.unit_id, (array['principal', 'safety_officer', 'chief_engineer'])[c.r % 3 + 1],
    daterange(c.day, case when c.s % 2 = 0 then c.day + 900 end), case when c.t % 3 = 0 then '{coal}'::text[] else '{}' end,
    c.region_code, c.sector, false
from public.crowd c;
insert into anze.structural_finding (unit_id, rule, since, ended_on, region_code, sector)
select c.unit_id, :rules[1 + c.r % 4], c.day, c.day + 30, c.region_code, c.sector from public.crowd c
where c.g <= 300;
insert into anze.structural_finding (unit_id, rule, since, region_code, sector)
select u.id, :rules[1 + n], date '2026-10-20' - abs(hashtext(u.name || n)) % 900, u.region_code, u.sector
from anze.unit u, generate_series(0, 3) n where u.kind in ('enterprise', 'site');

insert into anze.accident (id, unit_id, unit_name, region_code, sector, rule_set, category_standard, category, place, occurred_at,
    learned_at, reported_at, entry_level, facts, grade, grade_is_lower_bound, supplement_ends_at, late_from, due_at, state,
    updated_at)
select gen_random_uuid(), c.unit_id, '某矿', c.region_code, c.sector, 'general', 'GB 6441-1986', (array['01', '02', '03'])[c.r % 3 + 1],
    '井下', c.at, c.at, c.at + interval '1 hour', 0, '{}', 1 + c.s % 4, false, c.at, case when c.t % 2 = 0 then c.at + interval '2 hours'
    else 'infinity' end, case when c.t % 3 = 0 then 'infinity' else c.at + interval '3 hours' end, case when c.r % 2 = 0 then 'open'
    else 'final' end, c.at + interval '1 day'
from public.crowd c;
insert into anze.case_file (kind, kind_version, state, level, unit_id, supervisor_id, parent_id, title, is_open, is_public, facts,
    due_at, opened_at, region_code, sector)
select k.kind, 1, k.state, 1 + c.r % 3, c.unit_id, k.supervisor,
    case when c.g % 1500 = 0 then :parent::uuid end, '案件', c.t % 2 = 0, c.t % 3 = 0,
    jsonb_build_object('category', (array['coal_mine', 'other'])[1 + c.r % 2], 'published_on', c.day, 'document_number', 'x',
        'due_on', c.day + 30),
    case when c.t % 4 = 0 then c.at when c.t % 2 = 0 then timestamptz '2030-01-01' else 'infinity' end, c.at, c.region_code, c.sector
from public.crowd c
cross join lateral (select case when c.s % 2 = 0 then 'listed_supervision' else 'hazard' end as kind,
    case when c.s % 2 = 0 then (array['rectifying', 'closed'])[1 + c.g % 2] else (array['ordered', 'closed'])[1 + c.g % 2] end as state,
    (array[:office::uuid, :own::uuid, md5('supervisor' || c.s % 40)::uuid])[1 + abs(hashtext('k' || c.g)) % 4] as supervisor) k;
-- Kinds of case of which there are few.
insert into anze.case_file (kind, kind_version, state, level, unit_id, title, is_open, is_public, facts, due_at, opened_at, region_code, sector)
select (array['escalation', 'hazard_as_accident'])[1 + c.g % 2], 1, 'closed', 2, c.unit_id, '案件', false, false, '{}', 'infinity', c.at,
    c.region_code, c.sector
from public.crowd c where c.unit_id = :own and c.g <= 10;
insert into anze.duty_record (id, kind, unit_id, person_id, on_day, title, event_id, retracted_at, retracted_by, retraction_reason,
    region_code, sector)
select md5('r' || c.unit_id || c.g)::uuid, (array['training', 'meeting', 'inspection'])[1 + c.r % 3], c.unit_id,
    case when c.g % 300 = 1 then :holder::uuid else md5(c.unit_id::text || c.g)::uuid end, c.day, '培训',
    case when c.g % 300 = 2 then :event::uuid end, case when c.s % 3 = 0 then c.at end, case when c.s % 3 = 0 then 'x' end,
    case when c.s % 3 = 0 then 'x' end, c.region_code, c.sector
from public.crowd c;
insert into anze.follow_up (record_id, number, kind, severity, matter, unit_id, due_on, done_on, result, withdrawn_at, region_code, sector)
select md5('r' || c.unit_id || c.g)::uuid, 1, f.kind, case when f.kind = 'finding' then (array['general', 'major'])[1 + c.r % 2] end,
    '整改', c.unit_id, c.day + 30, case when c.t % 3 = 0 then c.day + 10 + c.t % 50 end, case when c.t % 3 = 0 then '完成' end,
    case when c.t % 3 = 1 then c.at end, c.region_code, c.sector
from public.crowd c cross join lateral (select (array['decision', 'finding', 'finding'])[1 + c.s % 3] as kind) f;
insert into anze.duty_event (kind, unit_id, accident_id, occurred_at, region_code, sector)
select case when c.r % 3 = 0 then 'casualty' else 'of_many' end, c.unit_id,
    case when c.g % 300 = 3 then md5('a' || c.unit_id || c.g)::uuid end, c.at, c.region_code, c.sector
from public.crowd c;
insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, post, holder_id, period, period_start, period_end,
    due_at, missed_from, required, state, region_code, sector)
select md5('o' || c.unit_id || c.g)::uuid, d.code, 1, d.clause, c.unit_id, 'enterprise', case when c.s % 2 = 0 then 'principal' end, case when c.g % 300 = 4 and c.unit_id = :own then :holder::uuid else
        md5(c.unit_id::text || c.g)::uuid end, 'month', date_trunc('month', c.day + 80)::date,
    (date_trunc('month', c.day + 80) + interval '1 month')::date,
    date_trunc('month', c.day + 80) + interval '1 month' + c.s * interval '1 minute',
    date_trunc('month', c.day + 80) + interval '1 month' + c.s * interval '1 minute' + case when c.s % 2 = 0 then interval '90 days' else '0' end, 1,
    (array['open', 'open', 'open', 'open', 'done', 'done_late', 'excused', 'withdrawn'])[1 + c.t % 8], c.region_code, c.sector
from public.crowd c
join (select d.code, d.clause, row_number() over (order by d.code) - 1 as number from anze.duty d where d.version = 1) d on d.number = c.r % 40;
-- Two duties that every unit misses month after month, and forty that one unit does, beside what is missed once.
insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, post, period, period_start, period_end, due_at,
    missed_from, required, state, region_code, sector)
select anze.obligation_id(d.code, 'month', m.first, u.unit_id, null, null), d.code, 1, d.clause, u.unit_id, 'enterprise', 'principal',
    'month', m.first, m.until, m.until + abs(hashtext(u.unit_id::text || d.code)) % 600 * interval '1 minute',
    m.until + abs(hashtext(u.unit_id::text || d.code)) % 600 * interval '1 minute', 1, 'open', u.region_code, u.sector
from (select distinct c.unit_id, c.region_code, c.sector from public.crowd c) u
join (select d.code, d.clause, row_number() over (order by d.code) as number from anze.duty d where d.version = 1) d
    on d.number <= case when u.unit_id = :own then 40 else 2 end
cross join generate_series(0, 5) n
cross join lateral (select (date_trunc('month', now()) - n * interval '1 month')::date as first,
                           (date_trunc('month', now()) - (n - 1) * interval '1 month')::date as until) m;
insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, met_at, owed_by, region_code, sector)
select case when c.r % 2 = 0 then 'case' else 'accident' end, gen_random_uuid(), 'answer', '时限', 'Clock', c.at,
    c.at + interval '30 days' + c.s / 500 * interval '400 days', -- half of them run yet
    case when c.t % 2 = 0 then c.at end, c.unit_id, c.region_code, c.sector
from public.crowd c;
insert into anze.notice (stage, kind, subject, subject_id, unit_id, person_id, about_unit_id, issued_at, acknowledged_at,
    acknowledged_by, region_code, sector)
select case when c.r % 1009 = 7 then 'accident_alert' else (array['warning', 'reminder', 'escalation_superior'])[1 + c.r % 3] end,
    case when c.r % 1009 = 7 then 'alert' else (array['warning', 'reminder', 'escalation'])[1 + c.r % 3] end, 'obligation',
    gen_random_uuid(), case when c.s % 2 = 0 then c.unit_id else :office::uuid end,
    case when c.g % 300 = 5 then :holder::uuid when c.s % 2 = 0 then md5(c.unit_id::text || c.g)::uuid end, c.unit_id, c.at,
    case when c.t % 2 = 0 then c.at end, case when c.t % 2 = 0 then 'a' end, c.region_code, c.sector
from public.crowd c;
insert into anze.excuse (obligation_id, reason, unit_id, region_code, sector, requested_at, requested_by, decision, decided_at,
    decided_by)
select md5('o' || c.unit_id || c.g)::uuid, '停产', c.unit_id, c.region_code, c.sector, c.at, 'a', d.decision,
    case when d.decision is not null then c.at end, case when d.decision is not null then 'b' end
from public.crowd c cross join lateral (select (array['approved', 'refused', null])[1 + c.r % 3] as decision) d;
insert into anze.risk_point (id, unit_id, name, place, activity, lon, lat, crs, rank, colour, assessed_on, ended_on, end_reason,
    region_code, sector)
select gen_random_uuid(), c.unit_id, '顶板', '东翼', '回采', 110 + c.r / 1000.0, 39 + c.s / 1000.0, 'WGS84', c.t % 5,
    (array['red', 'orange', 'yellow', 'blue'])[c.t % 5 + 1], case when c.t % 5 < 4 then c.day end,
    case when c.r % 3 = 0 then c.day end, case when c.r % 3 = 0 then '拆除' end, c.region_code, c.sector
from public.crowd c;
insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, criterion, criterion_version, severity,
    judged_at, state, is_open, due_at, recurrences, merged_into, region_code, sector)
select h.id, anze.id_moment(h.id), gen_random_uuid(), h.unit_id, '护栏缺失', '主井口', (array['own_check', 'inspection'])[1 + h.r % 2],
    'equipment', case when h.s % 3 = 0 then 'ANY.MAJOR' end, case when h.s % 3 = 0 then 1 end,
    case when h.s % 3 = 0 then 'major' else 'general' end, anze.id_moment(h.id), case when h.t % 2 = 0 then 'ordered' else 'closed' end,
    h.t % 2 = 0, case when h.t % 4 = 0 then timestamptz '2026-01-01' when h.t % 2 = 0 then timestamptz '2030-01-01' else 'infinity' end,
    h.r % 3, case when h.g % 5 = 0 then gen_random_uuid() end, h.region_code, h.sector
from (select anze.new_id(c.region_code, c.at) as id, c.* from public.crowd c) h;
insert into anze.file (id, unit_id, region_code, sector, name, size, sha256, media_type, chunk_size, content_id, actor, state,
    completed_at, created_at)
select md5('f' || c.unit_id || c.g)::uuid, c.unit_id, c.region_code, c.sector, 'a.png', 1, repeat('0', 64), 'image/png', 524288,
    md5('f' || c.unit_id || c.g)::uuid, 'x', case when c.r % 2 = 0 then 'complete' else 'uploading' end,
    case when c.r % 2 = 0 then c.at end, c.at
from public.crowd c;
