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


# The league ---------------------------------------------------------------------------------------------------------------


def test_the_league_has_accidents_by_grade_beside_duties(morning):
    _, made, of = morning
    occurred = dt.datetime.fromisoformat(of(region="1506").get(f"/v1/accidents/{made['accident']}").json()["occurred_at"])
    ask = lambda who, rest="": who.get(f"/v1/compliance/league?period={occurred:%Y-%m}{rest}").json()["counties"]  # noqa: E731
    county, = [c for c in ask(of(region="1506")) if c["region_code"] == "150622"]
    assert county["accidents"] == {"ordinary": 1, "larger": 0, "major": 0, "exceptional": 0}
    assert county["hazards"]["found"] == 0 and county["listed"] == {"open": 0, "late": 0}
    drilled = of(["accidents:report"], region="150622").post("/v1/accidents", json=first_report(
        occurred_at=occurred.isoformat(), learned_at=occurred.isoformat(), is_drill=True))
    assert drilled.status_code == 201, drilled.text
    assert [c["accidents"]["ordinary"] for c in ask(of(region="1506")) if c["region_code"] == "150622"] == [1], "a drill counts nowhere"
    assert all("accidents" not in c and "hazards" not in c for c in ask(of(["duties:read"], region="1506")))
    assert ask(of(region="150621")) == [], "another county has none of it"
    assert all("accidents" not in c for c in ask(of(region="1506"), "&as_of=2026-01-01T00:00:00%2B08:00"))


def test_a_city_without_counties_is_compared_and_counted_as_one(morning):
    database, _, of = morning
    with database.owner() as owner:
        owner.execute("insert into anze.region (code, name, parent_code) values ('440000', '广东省', null), ('441900', '东莞市', '440000'),"
                      " ('441900003', '东城街道', '441900') on conflict do nothing")
        for number, code in enumerate(("441900", "441900003")):
            unit = tree.Unit(id=tree.unit_id(f"东莞 {code}"), kind="enterprise", name=f"东莞示例{number}厂", region_code=code, sector="coal",
                             credit_code=None, level=None, supervision_role=None, supervised_sectors=(), accountable_to=None)
            owner.execute("insert into anze.unit (id, kind, name, region_code, sector) values (%s, 'enterprise', %s, %s, 'coal')",
                          (unit.id, unit.name, code))
            owe(owner, now() - DAY, unit=unit)
            owner.execute("insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, state, is_open,"
                          " region_code, sector, actor) select i.id, anze.id_moment(i.id), %s, %s, '护栏缺失', '东侧', 'inspection',"
                          " 'equipment', 'found', true, %s, 'coal', 'test' from (select anze.new_id(%s, now() - interval '1 hour') as id) i",
                          (open_case(owner, unit=unit), unit.id, code, code))
    who = of([*SCOPES, "hazards:read"], region="44")
    month = f"{now() + 8 * HOUR - DAY:%Y-%m}"
    dongguan, = who.get(f"/v1/compliance/league?period={month}").json()["counties"]
    assert (dongguan["region_code"], dongguan["name"], dongguan["owed"], dongguan["hazards"]["found"]) == ("441900", "东莞市", 2, 2)
    figures, = who.items(f"/v1/hazard-statistics?period={month}&group_by=region")
    assert (figures["key"], figures["title"], figures["found"]) == ("441900", "东莞市", 2)
