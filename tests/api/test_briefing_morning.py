"""The morning's briefing: each section has what its list has, for whoever asks, and nothing else."""
import datetime as dt
import json

import pytest

from harness import cases, tree
from harness.accidents import first_report
from harness.cases import SUPERVISOR, UNIT, open_case
from harness.owed import DAY, JUST, SOON, now, owe, sweep

HOUR = dt.timedelta(hours=1)
SCOPES = ["cases:read", "cases:act", "accidents:read", "duties:read", "hazards:read"]
TIMED = ("due_soon", "due_today", "became_late")
CALLERS = {
    "city": {"region": "1506"},
    "county": {"region": "150622"},
    "county's department": {"region": "150622", "unit": SUPERVISOR.id},
    "other county": {"region": "150621"},
    "sector": {"region": "1506", "sectors": ["coal"]},
    "department by itself": {"unit": SUPERVISOR.id},
    "unit": {"unit": UNIT.id},
}


@pytest.fixture(scope="module")
def morning(make_database, cluster, make_service, client):
    """A database of its own: an accident, cases that run and that are late, duties due soon, today and just missed."""
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        cases.install(owner)
        sweep(owner)
        made = {name: open_case(owner) for name in ("running", "soon", "late", "late for long")}
        for name, due in {"soon": now() + HOUR, "late": now() - HOUR, "late for long": now() - 60 * DAY}.items():
            owner.execute("update anze.deadline set starts_at = %(due)s - interval '1 day', due_at = %(due)s, next_notice_at = now()"
                          " where subject_id = %(id)s and clock = 'answer'", {"due": due, "id": made[name]})
        for due in (now() + SOON, now() - JUST, now() - 90 * DAY):
            owe(owner, due, unit=UNIT)
        sweep(owner)
    service = make_service(database)
    before = lambda **span: (dt.datetime.now(dt.timezone.utc) - dt.timedelta(**span)).isoformat()  # noqa: E731
    filed = client(scopes=["accidents:report"], region="150622", to=service).post("/v1/accidents", json=first_report(
        occurred_at=before(days=20), learned_at=before(days=20), received_at=before(days=20)))  # typed in this morning
    assert filed.status_code == 201, filed.text
    made["accident"] = filed.json()["id"]
    return database, made, lambda scopes=SCOPES, **grant: client(scopes=scopes, to=service, **grant)


def read(who) -> dict:
    answer = who.get("/v1/briefing")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("caller", CALLERS)
def test_each_section_counts_and_shows_what_its_list_has(morning, caller):
    _, _, of = morning
    who = of(**CALLERS[caller])
    shown = read(who)
    assert set(shown) == {"as_of", "since", "accidents", "decisions", "warnings", "listed", *TIMED}
    for name in (*TIMED, "decisions", "listed"):
        section = shown[name]
        listed = who.items(section["link"])
        assert section["count"] == len(listed) and not section["is_more"], name
        assert {i["id"] for i in section["items"]} <= {i["id"] for i in listed} and len(section["items"]) == min(10, len(listed)), name
    new = [a["id"] for a in who.items(shown["accidents"]["link"])]
    assert [a["id"] for a in shown["accidents"]["items"]] == new
    told = {n["id"] for n in who.items(shown["warnings"]["link"]) if n["kind"] != "reminder"}
    assert {n["id"] for n in shown["warnings"]["items"]} <= told


def test_the_county_finds_what_happened_what_it_owes_and_what_ran_out(morning):
    _, made, of = morning
    shown = read(of(**CALLERS["county's department"]))
    accident, = shown["accidents"]["items"]
    assert accident["id"] == made["accident"] and accident["next_clock"]["kind"] == "accident"
    clocks = of(region="150622").items("/v1/deadlines?kind=accident")
    assert accident["next_clock"]["due_at"] == min(d["due_at"] for d in clocks if d["link"] == accident["link"])
    decided = [d["case"]["id"] for d in shown["decisions"]["items"]]
    assert decided[0] == made["soon"] and decided[-2:] == [made["late"], made["late for long"]]
    assert all({"action": "assign", "title_zh": "动作assign", "title_en": "Action assign"} in d["actions"]
               for d in shown["decisions"]["items"])
    assert {d["unit"]["id"] for d in shown["decisions"]["items"]} == {SUPERVISOR.id}
    late = {d["link"] for d in shown["became_late"]["items"]}
    assert f"/v1/cases/{made['late']}" in late and f"/v1/cases/{made['late for long']}" not in late
    assert made["soon"] in json.dumps(shown["due_soon"]) and "duty" in {d["kind"] for d in shown["due_soon"]["items"]}
    assert shown["warnings"]["count"] > 0 and {n["unit"]["id"] for n in shown["warnings"]["items"]} == {SUPERVISOR.id}
    warning = shown["warnings"]["items"][0]
    done = of([*SCOPES, "duties:record"], **CALLERS["county's department"]).post(
        f"/v1/notices/{warning['id']}/acknowledgement", if_match=str(warning["version"]), json={"note": "已安排"})
    assert done.status_code == 200, done.text
    assert read(of(**CALLERS["county's department"]))["warnings"]["count"] == shown["warnings"]["count"] - 1


def test_what_a_section_asks_for_and_the_caller_lacks_is_not_there(morning):
    _, _, of = morning
    shown = read(of(["cases:read"], region="1506"))
    assert set(shown) == {"as_of", "since", *TIMED}
    assert {d["kind"] for name in TIMED for d in shown[name]["items"]} == {"case"}
    assert of(["duties:read"], region="1506").get("/v1/briefing").status_code == 403
    assert "decisions" not in read(of([s for s in SCOPES if s != "cases:act"], region="1506")), "an auditor decides nothing"


def test_what_is_prepared_against_a_unit_is_in_no_briefing_of_it(morning):
    database, made, of = morning
    with database.owner() as owner:
        owner.execute("update anze.case_file set withheld_from_unit = true where id = %s", (made["late"],))
        owner.execute("update anze.deadline set owed_by = %s where subject_id = %s", (UNIT.id, made["late"]))
    assert made["late"] not in json.dumps(read(of(**CALLERS["unit"])))
    assert made["late"] in json.dumps(read(of(region="150622")))


def test_new_is_since_the_last_working_day_before_today(morning):
    database, _, of = morning
    since = dt.datetime.fromisoformat(read(of(region="1506"))["since"])
    with database.owner() as owner:
        assert owner.execute("select anze.working_day_after(anze.today(), -1)").fetchone()[0] == since.date()
    assert (since.hour, since.minute) == (0, 0)
