"""What filing and reading one cost, counted: plans that are made again, functions that are called."""
import datetime as dt
import json

import psycopg
import pytest
from desk import COUNTY, UNIT, later

from harness.hazards import filing
from harness.statement import expand

SCOPES = ("hazards:read hazards:report cases:read cases:act duties:read accidents:read accidents:report accidents:correct"
          " accidents:transmit accidents:acknowledge")
READS = {"getHazard": "hazards/getHazard", "getCase": "cases/getCase", "getAccident": "accidents/getAccident",
         "getAccidentTimeline": "accidents/getAccidentTimeline", "getObligation": "duties/getObligation"}


class Session:
    """A connection as the service has it: its login, its search path (with another, what functions without one of their own
    have planned would be planned again), kept plans, a transaction and a context for each request."""

    def __init__(self, database):
        self.connection = psycopg.connect(database.service_url, autocommit=True, prepare_threshold=0)
        for name, value in (("search_path", "pg_catalog"), ("plan_cache_mode", "force_generic_plan"),
                            ("enable_bitmapscan", "off")):
            self.connection.execute(f"set {name} = {value}")

    def ask(self, caller: dict, sql: str, values) -> str:
        with self.connection.transaction():
            for name in ("reach", "region", "unit", "actor", "on_behalf_of"):
                self.connection.execute("select set_config(%s, %s, true)", (f"anze.{name}", caller.get(name, "")))
            self.connection.execute("select set_config('anze.scopes', %s, true)", (SCOPES,))
            return self.connection.execute(sql, values).fetchone()[0]

    def write(self, caller: dict, function: str, given: dict) -> dict:
        return json.loads(self.ask(caller, f"select body from anze.{function}(%s)", (json.dumps(given),)))

    def read(self, caller: dict, operation: str, identity: str) -> dict:
        name = {"getHazard": "hazard_id", "getCase": "case_id", "getObligation": "obligation_id"}.get(operation, "accident_id")
        sql, _ = expand(READS[operation], {name: identity})
        return json.loads(self.ask(caller, sql.replace("%", "%%").replace("$1", "%(id)s"), {"id": identity}))


def accident() -> dict:
    now = dt.datetime.now(dt.timezone.utc)
    return {"unit_id": UNIT["unit"], "region_code": "150622101", "place": "3号工作面", "category": "12", "course": "顶板垮落",
            "measures": "停止作业", "figures": {"deaths": 2, "missing": 3}, "occurred_at": later(now, hours=-1).isoformat(),
            "learned_at": later(now, minutes=-30).isoformat()}


def requests(session: Session, obligation: str) -> dict:
    """One after the other, as one connection gets them from different callers."""
    made, known = {}, {}

    def keep(name: str, answer: dict) -> None:
        known[name] = answer
    made["file a hazard"] = lambda: keep("hazard", session.write(COUNTY, "file_hazard", filing(criterion="ANY.MAJOR")))
    made["file an accident"] = lambda: keep("accident", session.write(UNIT, "file_accident", accident()))
    made["read the hazard"] = lambda: session.read(COUNTY, "getHazard", known["hazard"]["id"])
    made["read the accident"] = lambda: session.read(COUNTY, "getAccident", known["accident"]["id"])
    made["read the accident's timeline"] = lambda: session.read(COUNTY, "getAccidentTimeline", known["accident"]["id"])
    made["read the case"] = lambda: session.read(UNIT, "getCase", known["hazard"]["case_id"])
    made["read the obligation"] = lambda: session.read(COUNTY, "getObligation", obligation)
    return made


@pytest.fixture
def session(cluster, make_database):
    database = make_database(cluster)
    opened = Session(database)
    opened.database = database
    yield opened
    opened.connection.close()


def obligation_of(database) -> str:
    """Some duty of the county's, planned as the sweeper does."""
    with database.admin() as admin:
        admin.execute("select set_config('anze.reach', 'service', false)")
        admin.execute("select anze.plan_obligations(array[%s::uuid], anze.today(), anze.plan_horizon())", (UNIT["unit"],))
        admin.commit()
        return str(admin.execute("select id from anze.obligation where unit_id = %s order by id limit 1",
                                 (UNIT["unit"],)).fetchone()[0])


def test_a_warm_connection_plans_nothing_for_filing_and_reading_one(session):
    """Neither what was planned at each call nor what was planned again whenever another role asked."""
    every = requests(session, obligation_of(session.database))
    for _ in range(3):
        for request in every.values():
            request()
    planned = []
    warm = session.connection
    try:
        with session.database.admin() as admin:
            admin.execute("grant set on parameter log_planner_stats to anze_service")
        warm.execute("set log_planner_stats = on")
        warm.execute("set client_min_messages = log")
        for name, request in every.items():
            def told(notice, name=name):
                if "PLANNER" in notice.message_primary:
                    planned.append((name, " ".join((notice.context or "").split())[:300]))
            warm.add_notice_handler(told)
            request()
            warm.remove_notice_handler(told)
    finally:
        with session.database.admin() as admin:
            admin.execute("revoke set on parameter log_planner_stats from anze_service")
    assert planned == []


def called(session: Session, request) -> dict[str, int]:
    """The functions that a request calls, how often, and which of them are in SQL (which are counted where not inlined)."""
    def counted() -> dict:
        with session.database.admin() as admin:
            return {name: (language, calls) for name, language, calls in admin.execute(
                "select p.oid::regprocedure::text, l.lanname, f.calls from pg_stat_user_functions f"
                " join pg_proc p on p.oid = f.funcid join pg_language l on l.oid = p.prolang").fetchall()}
    warm = session.connection
    with session.database.admin() as admin:
        admin.execute("grant set on parameter track_functions to anze_service")
    request()
    warm.execute("set track_functions = 'all'")
    request()
    warm.execute("select pg_stat_force_next_flush()")
    before = counted()
    request()
    warm.execute("select pg_stat_force_next_flush()")
    after = counted()
    with session.database.admin() as admin:
        admin.execute("revoke set on parameter track_functions from anze_service")
    return {name: (language, calls - before.get(name, (None, 0))[1]) for name, (language, calls) in after.items()
            if calls > before.get(name, (None, 0))[1]}


@pytest.mark.parametrize("name, most", [("read the accident", 20), ("read the hazard", 100), ("read the case", 50)])
def test_reading_one_calls_few_functions_and_renders_it_once(session, name, most):
    every = requests(session, obligation_of(session.database))
    every["file a hazard"](), every["file an accident"]()
    found = called(session, every[name])
    assert [one for one, (language, _) in found.items() if language == "sql"] == []
    assert sum(calls for _, calls in found.values()) <= most, found
    assert all(calls == 1 for one, (_, calls) in found.items() if one.startswith(("anze.hazard_json", "anze.accident_shown",
                                                                                 "anze.case_json", "anze.accident_page")))


def test_reading_an_accident_asks_no_more_however_much_hangs_on_it(session):
    every = requests(session, obligation_of(session.database))
    every["file a hazard"](), every["file an accident"]()
    little = called(session, every["read the accident"])
    identity = json.loads(session.ask(COUNTY, "select json_build_object('id', max(id::text))::text from anze.accident", ()))["id"]
    for number in range(3):
        session.ask(UNIT, "select body from anze.add_accident_report(%s, %s)", (identity, json.dumps(
            {"kind": "supplement", "narrative": "情况有变", "figures": {"deaths": 3 + 9 * number}})))
    much = called(session, every["read the accident"])
    count = lambda found: sum(calls for _, calls in found.values())  # noqa: E731 - short
    assert count(much) <= count(little) + 2, (little, much)
