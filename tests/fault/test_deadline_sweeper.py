"""Deadlines of cases and clocks of accidents survive what the sweeper survives: killed, doubled, late, each is told exactly
once per stage."""
import json
import random
import time

import pytest

from harness import cases, tree
from harness.accidents import first_report

FAST = {"ANZE_SWEEP_MS": "50"}
UNITS = [unit.id for unit in tree.ENTERPRISES if unit.region_code.startswith("1506")]


@pytest.fixture
def alone(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.install(owner)
    return database


def fill(database, count: int, due: str) -> None:
    """So many deadlines over all enterprises that end then, each of a case of its own."""
    with database.owner() as owner:
        owner.execute(
            "with c as (insert into anze.case_file (kind, kind_version, state, level, unit_id, title, region_code, sector)"
            " select 'test_matter', 1, 'new', 2, u.id, '事项', u.region_code, u.sector from generate_series(1, %s) g"
            " join anze.unit u on u.id = (%s::uuid[])[1 + g %% %s] returning *)"
            " insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code,"
            " sector, next_notice_at) select 'case', c.id, 'answer', '时限', 'Clock', now() - interval '60 days', now() + %s::interval,"
            " c.unit_id, c.region_code, c.sector,"
            " anze.first_deadline_notice_at(now() + %s::interval, now() - interval '60 days') from c",
            (count, UNITS, len(UNITS), due, due))


def fill_clocks(database, count: int, due: str) -> None:
    """So many clocks of one accident, of the county, that end then."""
    with database.owner() as owner:
        owner.execute("select set_config('anze.reach', 'region', true), set_config('anze.region', '150622', true)")
        body, = owner.execute("select body from anze.file_accident(%s)", (json.dumps(first_report(figures={"deaths": 1})),)).fetchone()
        owner.execute("select set_config('anze.reach', 'service', true)")
        owner.execute(
            "insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, rule, rule_version, starts_at, due_at,"
            " owed_by, region_code, sector, next_notice_at, details) select 'accident', a.id, 'pass_up', '上报', 'Pass up',"
            " 'ACC.RPT.LEVEL', 1, c.due - interval '2 hours', c.due, a.unit_id, a.region_code, a.sector,"
            " (anze.first_looks('accident', array[c.due], array[c.due - interval '2 hours']))[1],"
            " '{\"kind\": \"report\", \"from_level\": 2, \"to_level\": 3}'"
            " from anze.accident a, (select now() + %s::interval as due) c, generate_series(1, %s) where a.id = %s",
            (due, count, json.loads(body)["id"]))


def told(database) -> dict[str, int]:
    with database.admin() as admin:
        return dict(admin.execute("select stage, count(*) from anze.notice where subject <> 'obligation' group by 1").fetchall())


WAITING = "select count(*) from anze.deadline where is_running and next_notice_at <= now()"


def wait_until_told(database, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while database.value(WAITING):
        assert time.monotonic() < until, "the sweep does not end"
        time.sleep(0.05)
    time.sleep(0.2)


@pytest.mark.parametrize("fill, stage", [(fill, "deadline_warning"), (fill_clocks, "accident_warning")])
def test_killed_again_and_again_while_it_sweeps_it_tells_every_one_exactly_once(alone, make_service, fill, stage):
    source = random.Random(11)
    fill(alone, 4000, "-1 minute")
    service = make_service(alone, start=False, **FAST)
    halves = 0
    for _ in range(8):
        service.start(wait=False)
        before, until = told(alone).get(stage, 0), time.monotonic() + 5
        while told(alone).get(stage, 0) == before < 4000 and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(source.uniform(0, 0.1))
        service.kill()
        halves += 0 < told(alone).get(stage, 0) < 4000
    assert halves, "the kills hit the middle of the work (else this shows nothing)"
    service.start()
    wait_until_told(alone)
    assert told(alone) == {stage: 4000}
    assert alone.value("select count(distinct subject_id) from anze.notice") == 4000
    assert alone.value("select count(*) from audit.entry where object_type = 'anze.notice'") == 4000


def test_two_replicas_double_nothing(alone, make_service):
    fill(alone, 2000, "-1 hour")
    fill_clocks(alone, 2000, "-1 minute")
    replicas = [make_service(alone, start=False, **FAST) for _ in range(2)]
    for replica in replicas:
        replica.start(wait=False)
    for replica in replicas:
        replica.wait_ready()
    wait_until_told(alone)
    assert told(alone) == {"deadline_warning": 2000, "accident_warning": 2000}
    assert [line for replica in replicas for line in replica.log if line.get("event", "").startswith("sweeper")] == []


def test_after_a_days_outage_each_deadline_gets_its_latest_stage_and_no_flood(alone, make_service):
    fill(alone, 200, "2 days")
    service = make_service(alone, **FAST)
    wait_until_told(alone)
    assert told(alone) == {"deadline_reminder": 200}
    service.stop()
    with alone.owner() as owner:  # as if nobody had looked for three days and one
        owner.execute("update anze.deadline set due_at = due_at - interval '4 days', starts_at = starts_at - interval '4 days',"
                      " next_notice_at = next_notice_at - interval '4 days'")
    service.start()
    wait_until_told(alone)
    assert told(alone) == {"deadline_reminder": 200, "deadline_superior": 200}


def test_after_an_outage_of_an_hour_each_clock_of_an_accident_gets_its_latest_stage_and_no_flood(alone, make_service):
    fill_clocks(alone, 200, "15 minutes")
    service = make_service(alone, **FAST)
    wait_until_told(alone)
    assert told(alone) == {"accident_reminder": 200}
    service.stop()
    with alone.admin() as admin:  # as if nobody had looked for an hour
        admin.execute("set session_replication_role = replica")
        admin.execute("update anze.deadline set due_at = due_at - interval '1 hour', starts_at = starts_at - interval '1 hour',"
                      " next_notice_at = next_notice_at - interval '1 hour' where clock = 'pass_up'"
                      " and due_at < now() + interval '20 minutes'")
    service.start()
    wait_until_told(alone)
    assert told(alone) == {"accident_reminder": 200, "accident_office": 200}
