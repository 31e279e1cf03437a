"""Merging a department on which hundreds hang: the request does what must be at once, as often for six hundred as for six;
the sweeper does the rest, and following a unit afterwards, one by one as
it was done before, changes nothing any more."""
import datetime as dt
import json
import uuid

import pytest

from harness import tree
from harness.owed import sweep
from harness.tree import CITY

CHINA = dt.timezone(dt.timedelta(hours=8))
COUNTY, TOWN = "150622", "150622101"
FOLLOWED = ("plan_obligations", "refresh_findings", "judge_lights")
STATE = {
    "obligation": "select id, duty, duty_version, unit_kind, holder_id, due_at, required, state, region_code from anze.obligation",
    "finding": "select unit_id, rule, since, ended_on, detail from anze.structural_finding",
    "light": "select unit_id, colour, reasons from anze.unit_light",
}


def today() -> dt.date:
    return dt.datetime.now(CHINA).date()


@pytest.fixture(scope="module")
def database(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute(f"alter role anze_service in database \"{database.name}\" set track_functions = 'all'")
    return database


def department(owner, dependants: int) -> str:
    """A department with a head, on which so many enterprises and sites and two of its own sections hang."""
    unit = str(uuid.uuid4())
    owner.execute("select set_config('anze.reach', 'service', true), set_config('anze.actor', 'tester', true)")
    owner.execute("insert into anze.unit (id, kind, name, region_code, level, supervision_role, accountable_to, opened_on)"
                  " values (%s, 'department', %s, %s, 'county', 'sector', %s, '2024-01-01')",
                  (unit, f"局{unit[:8]}", COUNTY, tree.body("government", COUNTY).id))
    owner.execute(
        "insert into anze.unit (kind, name, region_code, sector, accountable_to, opened_on)"
        " select case when g <= 2 then 'section' when g %% 3 = 0 then 'site' else 'enterprise' end, %s || g,"
        " case when g <= 2 then %s else %s end, case when g > 2 then 'coal' end, %s, '2024-01-01' from generate_series(1, %s) g",
        (f"户{unit[:8]}-", COUNTY, TOWN, unit, dependants))
    owner.execute("insert into anze.person (unit_id, name, region_code, sector, is_body) select id, '某甲', region_code, sector,"
                  " is_body from anze.unit where id = %s", (unit,))
    owner.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, is_body) select p.id, u.id,"
                  " 'department_head', '[2024-01-01,)', u.region_code, true from anze.unit u join anze.person p on p.unit_id = u.id"
                  " where u.id = %s", (unit,))
    return unit


def settle(database) -> None:
    with database.owner() as owner:
        sweep(owner, 200)


def merge(service, one: str, into: str) -> dict:
    status, body = service.execute("select status, body::jsonb from anze.merge_units(%s, '1', %s)", (one, json.dumps({
        "others": [into], "into": into, "effective_on": str(today()), "document_number": "文〔2026〕1号"}))).fetchone()
    assert status == "201", body
    return body


def calls(service) -> dict[str, int]:
    return dict(service.execute("select funcname, calls from pg_stat_xact_user_functions where funcname = any (%s)",
                                (list(FOLLOWED),)).fetchall())


def state(database) -> dict[str, set]:
    with database.admin() as admin:
        return {name: {tuple(map(str, row)) for row in admin.execute(query)} for name, query in STATE.items()}


def test_six_hundred_dependants_cost_the_request_no_more_than_six_and_end_the_same(database):
    with database.owner() as owner:
        few, many = department(owner, 6), department(owner, 600)
        into = [department(owner, 2), department(owner, 2)]
    settle(database)
    officer = {"reach": "region", "region": CITY[:4], "actor": "officer", "scopes": "units:write"}
    counted = {}
    for one, target in ((few, into[0]), (many, into[1])):
        with database.service(**officer) as service:
            body = merge(service, one, target)
            counted[one] = calls(service)
            service.commit()
        assert len(body["moved"]) == (6 if one == few else 600)
    assert counted[few] == counted[many] and set(counted[few]) >= set(FOLLOWED)
    waiting = database.value("select count(*) from anze.duty_work w join anze.unit u on u.id = w.unit_id where u.accountable_to = %s"
                             " and w.plan_from = %s and w.structure_is_stale and w.light_is_stale", into[1], today())
    assert waiting == 600
    settle(database)
    swept = state(database)
    assert swept["obligation"] and swept["light"]
    assert database.value("select count(*) from anze.duty_work where plan_from is not null or structure_is_stale or light_is_stale") == 0
    with database.owner() as owner:
        owner.execute("select set_config('anze.reach', 'service', true), set_config('anze.actor', 'tester', true)")
        owner.execute("select anze.follow_unit(u.id, %s) from anze.unit u where u.accountable_to = any (%s)"
                      " and (u.kind = 'section' or u.name ~ '7$')", (today(), into))
    assert state(database) == swept
