"""The sweeper is killed, doubled, cut off and late: every stage is told exactly once, and nobody is flooded."""
import random
import threading
import time

import psycopg
import pytest

from harness import tree
from harness.owed import DAY, now, owe, sweep

UNITS = [unit for unit in tree.UNITS.values() if unit.region_code.startswith("1506")]
FAST = {"ANZE_SWEEP_MS": "50"}


@pytest.fixture
def alone(make_database, cluster):
    return make_database(cluster, catalogue=False)


def fill(database, count: int, days: float = 1) -> None:
    """So many obligations over all units, missed since then; each owes its stage once."""
    with database.owner() as owner:
        first = owe(owner, now() - days * DAY)
        owner.execute(
            "insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, period, period_start,"
            " period_end, due_at, missed_from, required, region_code, sector, planned_at, next_notice_at)"
            " select gen_random_uuid(), o.duty, 1, o.clause, u.id, u.kind, o.period, o.period_start, o.period_end,"
            " o.due_at, o.missed_from, 1, u.region_code, u.sector, o.planned_at, o.next_notice_at"
            " from anze.obligation o, generate_series(2, %s) g"
            " join anze.unit u on u.id = (%s::uuid[])[1 + g %% %s]"
            " where o.id = %s", (count, [unit.id for unit in UNITS], len(UNITS), first))


def notices(database) -> int:
    return database.value("select count(*) from anze.notice")


def waiting(database) -> int:
    return database.value("select count(*) from anze.obligation where is_open and next_notice_at <= now()") + database.value(
        "select count(*) from anze.duty_work where plan_from is not null or structure_is_stale or light_is_stale")


def wait_until_idle(database, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while waiting(database):
        assert time.monotonic() < until, "the sweep does not end"
        time.sleep(0.05)


def check_all_told_once(database, count: int, stage: str) -> None:
    assert database.value("select count(*) from anze.obligation") == count
    with database.admin() as admin:
        told = admin.execute("select n.stage, count(*), count(distinct n.subject_id) from anze.notice n group by 1").fetchall()
        assert told == [(stage, count, count)]
        audited = admin.execute("select count(distinct object_id), count(*), min(actor), max(actor) from audit.entry"
                                " where object_type = 'anze.notice'").fetchone()
    assert audited == (count, count, "system:sweeper", "system:sweeper"), "what was rolled back left nothing"


def check_lights(database) -> None:
    """The light of every unit is that of what it owes, and was changed no more often than that needs."""
    with database.admin() as admin:
        wrong = admin.execute(
            "select u.name, l.colour from anze.unit u left join anze.unit_light l on l.unit_id = u.id"
            " left join lateral (select count(*) as n from anze.obligation o where o.unit_id = u.id and o.is_open) o on true"
            " where l.colour is distinct from case when o.n >= 3 then 'red' when o.n > 0 then 'yellow' else 'green' end"
        ).fetchall()
        doubled = admin.execute(
            "select unit_id from (select unit_id, colour, lag(colour) over (partition by unit_id order by changed_at) as earlier"
            " from anze.light_change) c where colour = earlier").fetchall()
    assert wrong == [] and doubled == []


def test_killed_again_and_again_while_it_sweeps_it_tells_every_stage_exactly_once(alone, make_service):
    source = random.Random(7)
    fill(alone, 4000)
    service = make_service(alone, start=False, **FAST)
    halves = 0
    for _ in range(8):
        service.start(wait=False)
        before, until = notices(alone), time.monotonic() + 5
        while notices(alone) == before and before < 4000 and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(source.uniform(0, 0.1))
        service.kill()
        halves += 0 < notices(alone) < 4000
    assert halves, "the kills hit the middle of the work (else this shows nothing)"
    service.start()
    wait_until_idle(alone)
    check_all_told_once(alone, 4000, "warning")
    check_lights(alone)


def test_two_replicas_share_the_work_and_double_none_of_it(alone, make_service):
    fill(alone, 4000)
    replicas = [make_service(alone, start=False, **FAST) for _ in range(2)]
    for replica in replicas:
        replica.start(wait=False)
    for replica in replicas:
        replica.wait_ready()
    wait_until_idle(alone)
    time.sleep(0.2)
    check_all_told_once(alone, 4000, "warning")
    check_lights(alone)
    done = [replica.metric("anze_sweep_items_total") for replica in replicas]
    assert all(d > 0 for d in done), done
    runs = [replica.metric("anze_sweep_runs_total") for replica in replicas]
    time.sleep(0.5)
    assert all(replica.metric("anze_sweep_runs_total") > before for replica, before in zip(replicas, runs))
    assert [replica.metric("anze_sweep_items_total") for replica in replicas] == done, "nothing is left: nothing is done"


def settle_and_reopen(database, obligations: list[str], source: random.Random, seconds: float, failures: list) -> None:
    """Settles and re-opens one obligation after the other, as requests would."""
    until = time.monotonic() + seconds
    with database.owner(autocommit=True) as owner:
        while time.monotonic() < until:
            try:
                owner.execute("update anze.obligation set state = case state when 'open' then 'done_late' else 'open' end"
                              " where id = %s", (source.choice(obligations),))
            except psycopg.Error as error:
                failures.append(error)


def test_writers_and_sweepers_never_wait_in_a_circle_and_no_change_is_overlooked(alone, make_service):
    fill(alone, 400)
    with alone.owner() as owner:
        obligations = [str(i) for (i,) in owner.execute("select id from anze.obligation").fetchall()]
    replicas = [make_service(alone, **FAST) for _ in range(2)]
    failures: list[psycopg.Error] = []
    writers = [threading.Thread(target=settle_and_reopen, args=(alone, obligations, random.Random(n), 5, failures))
               for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    wait_until_idle(alone)
    assert failures == [] and alone.value("select deadlocks from pg_stat_database where datname = current_database()") == 0
    assert alone.value("select count(*) from anze.obligation where state = 'done_late'") > 0
    assert alone.value("select count(*) - count(distinct subject_id) from anze.notice") == 0
    check_lights(alone)
    warned = [line for replica in replicas for line in replica.log if line.get("event", "").startswith("sweeper")]
    assert warned == []


def test_after_a_long_outage_each_obligation_gets_its_latest_stage_and_no_flood(alone, make_service):
    with alone.owner() as owner:
        sweep(owner)  # planned already: planning withdraws what does not follow from the catalogue
    fill(alone, 300, days=-2)  # due in two days; then nobody sweeps for 33 of them
    service = make_service(alone, **FAST)
    wait_until_idle(alone)
    check_all_told_once(alone, 300, "reminder")
    service.stop()
    with alone.owner() as owner:
        owner.execute("update anze.obligation set due_at = due_at - interval '33 days', missed_from = missed_from -"
                      " interval '33 days', planned_at = planned_at - interval '33 days',"
                      " next_notice_at = next_notice_at - interval '33 days'")
    service.start()
    wait_until_idle(alone)
    with alone.admin() as admin:
        assert admin.execute("select stage, count(*) from anze.notice group by 1 order by 1").fetchall() == [
            ("escalation_upper", 300), ("reminder", 300)]
    assert alone.value("select count(*) from anze.obligation where next_notice_at < 'infinity'") == 0


def test_while_the_database_is_away_it_waits_quietly_and_goes_on_by_itself(make_cluster, make_database, make_service):
    cluster = make_cluster()
    database = make_database(cluster)
    service = make_service(database, **FAST)
    wait_until_idle(database)
    fill(database, 50)
    wait_until_idle(database)
    cluster.kill()
    time.sleep(1)
    cluster.start()
    service.wait_ready()
    fill(database, 30, days=8)
    wait_until_idle(database)
    assert database.value("select count(*) from anze.notice where stage = 'escalation_superior'") == 30
    said = [line["event"] for line in service.log if line.get("event", "").startswith("sweeper")]
    assert said == ["sweeper-away", "sweeper-back"]
    begun = time.monotonic()
    assert service.stop() == 0 and time.monotonic() - begun < 3


def test_a_step_that_fails_is_told_to_the_operator_once_and_the_others_go_on(alone, make_service):
    with alone.owner() as owner:
        owner.execute("create or replace function anze.fold_tally(max_rows int) returns integer language plpgsql"
                      " as $$ begin return 1 / 0; end $$")
    service = make_service(alone, **FAST)
    fill(alone, 20)
    wait_until_idle(alone)
    time.sleep(0.3)
    assert notices(alone) == 20
    said = [line for line in service.log if line.get("event", "").startswith("sweeper")]
    assert [(line["event"], line["detail"]) for line in said] == [
        ("sweeper-warning", "the step fold_tally of the sweep failed: 22012")]
