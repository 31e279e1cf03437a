"""Settling looks where a record can count and nowhere else: it finds every pair that comparing all records with all
obligations finds, and among thousands of obligations and records of a unit it reads a few."""
import pytest

from harness import tree
from harness.duties import Office

UNIT = tree.enterprise("150622101", 1).id
# Every obligation with every record of its unit.
PAIRS = """
    select o.id, r.id, anze.record_day(d, r), anze.record_lacks(d, r), anze.end_of_day(anze.record_day(d, r)) > o.due_at
    from anze.obligation o
    join anze.duty d on (d.code, d.version) = (o.duty, o.duty_version)
    join anze.duty_record r on r.unit_id = o.unit_id
    where r.kind = any (d.record_kinds) and r.retracted_at is null
        and anze.record_is_of_period(o, d, r) and anze.record_is_by(o, r)
"""
# Two years of the real catalogue for every unit, its posts held by somebody who changes half-way, and records of every
# kind on days of their own, some for another period, some of an event.
HISTORY = """
    insert into anze.duty (code, version, in_force, clause, nature, title_zh, title_en, actor_zh, unit_kinds, record_kinds,
        counting, period, due_days, once_by, event, within_days, instrument, confidence, origin, post, is_personal)
    select 'T.' || row_number() over (), 1, '[2022-01-01,)', '1.01', 'R', '测试', 'Test', '企业', '{enterprise,department}', '{training,issue}',
        'deliverable', n.period, case n.period when 'month' then 10 else 0 end, case n.period when 'once' then date '2026-06-30' end, case n.period when 'event' then
        'test_event' end, case n.period when 'event' then 9 end, 'OPINION-ORDOS-2022', 'found', 'shipped',
        case n.who when 'p' then 'principal' end, n.who = 'p'
    from (select p.period, w.who from (values ('once'), ('event'), ('month')) p(period), (values ('u'), ('p')) w(who)
          where p.period = 'month' or w.who = 'u') n;
    insert into anze.person (unit_id, name, region_code, sector, is_body)
    select u.id, '某' || g, u.region_code, u.sector, u.is_body from anze.unit u, generate_series(1, 2) g;
    insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)
    select p.id, u.id, s.code, case p.name when '某1' then '[2024-01-01,2025-02-10)' else '[2025-02-10,)' end::daterange,
        u.region_code, u.sector, u.is_body
    from anze.unit u join anze.person p on p.unit_id = u.id join anze.post s on u.kind = any (s.unit_kinds);
    insert into anze.duty_event (kind, unit_id, occurred_at, region_code)
    select 'test_event', u.id, timestamptz '2025-03-01' + g * interval '40 days', u.region_code
    from anze.unit u, generate_series(1, 3) g;
    update anze.duty_work set begins_on = '2024-06-01';
    select anze.plan_obligations(array(select u.id from anze.unit u), '2024-07-01', '2026-01-01');
    select anze.plan_event(e.id) from anze.duty_event e;
    insert into anze.duty_record (kind, unit_id, person_id, on_day, for_period, title, event_id, published_on, region_code, sector)
    select (array(select k.code from anze.duty_record_kind k order by k.code))[1 + abs(hashtext(u.id::text || g)) %% (
            select count(*) from anze.duty_record_kind)], u.id,
        case when g %% 3 > 0 then (select p.id from anze.person p where p.unit_id = u.id and p.name = '某' || g %% 3) end,
        date '2024-07-01' + abs(hashtext(g || u.id::text)) %% 560,
        case when g %% 5 = 0 then date '2024-07-01' + abs(hashtext(u.id::text || -g)) %% 500 end, '记录',
        case when g %% 4 = 0 then (select e.id from anze.duty_event e where e.unit_id = u.id order by e.occurred_at offset g %% 3 limit 1) end,
        case when g %% 2 = 0 then date '2026-01-01' end, u.region_code, u.sector
    from anze.unit u, generate_series(1, 120) g;
    insert into anze.duty_record (kind, unit_id, on_day, title, event_id, region_code)
    select 'issue', e.unit_id, anze.day_of(e.occurred_at) + 3, '记录', e.id, e.region_code from anze.duty_event e;
"""


@pytest.fixture
def lived(cluster, make_database):
    with make_database(cluster).owner() as owner:
        office = Office(owner)
        office.run("insert into anze.duty_event_kind (code, title_zh, title_en) values ('test_event', '测试', 'Test')")
        for statement in HISTORY.split(";"):
            if statement.strip():
                office.run(statement)
        owner.execute("analyze anze.obligation, anze.duty_record")
        yield office
        owner.rollback()


def test_nothing_that_serves_is_overlooked(lived):
    whole = {(r[0], r[1], r[2], tuple(r[3]), r[4]) for r in lived.run(PAIRS)}
    served = {(r[0], r[1], r[2], tuple(r[3]), r[4]) for r in lived.run(
        "select s.* from anze.serving(array(select o.id from anze.obligation o)) s")}
    assert served == whole and len(whole) > 300
    periods = {r[0] for r in lived.run("select distinct o.period from anze.obligation o where o.id = any (%s)",
                                       [p[0] for p in whole])}
    assert periods >= {"once", "event", "month", "quarter", "year"}
    of_record: dict = {}
    for obligation, record, *_ in whole:
        of_record.setdefault(record, set()).add(obligation)
    for record, obligations in of_record.items():
        assert obligations <= set(lived.value("select anze.concerned(array[%s::uuid])", record)), record


def read(office) -> dict[str, int]:
    return dict(office.run("select relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int from pg_stat_xact_user_tables"
                           " where relname in ('obligation', 'duty_record')"))


@pytest.mark.parametrize("period, step, begins", [("week", "7 days", "2020-01-06"), ("month", "1 month", "2010-01-01")])
def test_a_record_among_thousands_reads_a_few(cluster, make_database, period, step, begins):
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        office = Office(owner)
        office.run("insert into anze.instrument (code, title, issued_by, in_force) values"
                   " ('OPINION-ORDOS-2022', '实施意见', '鄂尔多斯市', '[2022-01-01,)') on conflict do nothing")
        for duty in [office.duty(period=period) for _ in range(8)]:
            office.run(
                "insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, period, period_start,"
                " period_end, due_at, missed_from, required, region_code)"
                " select anze.obligation_id(%s, %s, s::date, u.id, null, null), %s, 1, '1.01', u.id, 'enterprise', %s, s::date,"
                " (s + %s::interval)::date, s + %s::interval, s + %s::interval, 1, '150622101'"
                " from generate_series(%s::timestamp, '2026-10-01', %s::interval) s, anze.unit u where u.kind = 'enterprise'",
                duty, period, duty, period, step, step, step, begins, step)
        office.run("insert into anze.duty_record (kind, unit_id, on_day, title, region_code) select 'hazard_check', %s,"
                   " date '2010-01-04' + g, '检查', '150622101' from generate_series(1, 6000) g", UNIT)
        owner.commit()
        owner.execute("analyze anze.obligation, anze.duty_record")
        owner.commit()
        office = Office(owner)
        record = office.value("insert into anze.duty_record (kind, unit_id, on_day, title, region_code)"
                              " values ('hazard_check', %s, '2026-09-10', '检查', '150622101') returning id", UNIT)
        before = read(office)
        office.settle(record)
        after = read(office)
        found = office.value("select count(*) from anze.obligation_record where record_id = %s", record)
        owner.rollback()
    assert found == 8
    # The eight obligations that it serves, looked at some times; what was done in their one period.
    assert after["obligation"] - before.get("obligation", 0) <= 8 * 20, (before, after)
    assert after["duty_record"] - before.get("duty_record", 0) <= 8 * 40, (before, after)
