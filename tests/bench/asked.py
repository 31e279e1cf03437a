"""What both versions are asked (compare.py): who asks, which lists, which pages, which figures. Only operations, their
parameters and bodies, so that it means the same to both whatever their tables are."""
import datetime
import json
import random
from dataclasses import dataclass

from calls import Call, Principal
from machine import CHINA, today
from sides import Side

COUNTY = "150622"


@dataclass
class Place:
    """Units and bodies by their codes, which both versions import from the same files; ids differ."""
    group: str            # answers for two hundred subsidiaries
    subsidiaries: list[str]
    units: list[str]      # enterprises of the county
    department: str
    sectors: dict[str, str]
    regions: dict[str, str]


def place(side: Side) -> Place:
    rows = side.rows("select u.id, u.kind, u.region_code, coalesce(u.sector, ''), coalesce(g.kind, ''),"
                     f" u.accountable_to, coalesce(u.supervision_role, '') from anze.unit u"
                     " left join anze.unit g on g.id = u.accountable_to order by u.code")
    below = [row for row in rows if row[1] == "enterprise" and row[4] == "enterprise_group"]
    here = [row for row in rows if row[1] == "enterprise" and row[2].startswith(COUNTY)]
    return Place(below[0][5], [row[0] for row in below], [row[0] for row in here],
                 next(row[0] for row in rows if row[1] == "department" and row[2] == COUNTY and row[6] == "comprehensive"),
                 {row[0]: row[3] for row in rows}, {row[0]: row[2] for row in rows})


def scopes_of(side: Side, at: Place) -> dict[str, Principal]:
    def region(code: str) -> Principal:
        return Principal(f"bench-{code}", side.every_scope, region=code)
    return {"city": region("1506"), "county": region(COUNTY), "town": region(at.regions[at.units[0]]),
            "unit": Principal("bench-unit", side.every_scope, unit=at.group)}


def inspector(side: Side, at: Place) -> Principal:
    return Principal("bench-inspector", side.every_scope, region=COUNTY, unit=at.department)


def of_unit(side: Side, unit: str) -> Principal:
    return Principal(f"bench-{unit[:8]}", side.every_scope, unit=unit)


def last_quarter() -> tuple[str, datetime.date]:
    """Its name and the day after it."""
    day = today()
    year, quarter = divmod(day.year * 4 + (day.month - 1) // 3 - 1, 4)
    return f"{year}-Q{quarter + 1}", datetime.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


PERIOD = last_quarter()[0]
LISTS = {
    "accidents": ("listAccidents", {}), "accidents, final": ("listAccidents", {"state": "final"}),
    "accidents, of coal": ("listAccidents", {"sector": "coal"}), "accidents, late": ("listAccidents", {"late": "true"}),
    "hazards": ("listHazards", {}), "hazards, overdue": ("listHazards", {"overdue": "true"}),
    "cases": ("listCases", {}), "cases, open": ("listCases", {"open": "true"}), "deadlines": ("listDeadlines", {}),
    "deadlines of cases": ("listDeadlines", {"kind": "{case}"}), "duties, overdue": ("listObligations", {"state": "overdue"}),
    "duties of a quarter": ("listObligations", {"state": "all", "period": PERIOD}),
    "missed twice running": ("listRepeatMisses", {}), "records": ("listDutyRecords", {}),
    "notices": ("listNotices", {}), "lights": ("listLights", {}), "units": ("listUnits", {}), "people": ("listPeople", {}),
    "appointments": ("listAppointments", {}), "findings of structure": ("listStructuralFindings", {}),
    "risk points": ("listRiskPoints", {}), "files": ("listFiles", {}),
}
DEEP = ("accidents", "accidents, final", "accidents, of coal", "hazards", "cases", "deadlines", "duties, overdue",
        "duties of a quarter", "units", "people")


def lists(side: Side, at: Place) -> dict[str, Call]:
    return {f"{name}, {scope}": Call(operation, who, query={"limit": "20", **query})
            for name, (operation, query) in LISTS.items() if operation in side.contract.operations
            for scope, who in scopes_of(side, at).items()}


def figures(side: Side, at: Place, as_of: str) -> dict[str, Call]:
    who = scopes_of(side, at)
    def of(operation: str, scope: str = "city", **query: str) -> Call:
        return Call(operation, who[scope], query=query)
    past = {"as_of": as_of}
    return {
        "compliance by clause, city": of("getCompliance", period=PERIOD, group_by="clause"),
        "compliance by region, city": of("getCompliance", period=PERIOD, group_by="region"),
        "compliance by clause, county": of("getCompliance", "county", period=PERIOD, group_by="clause"),
        "compliance by clause, group of 200": of("getCompliance", "unit", period=PERIOD, group_by="clause"),
        "compliance by clause, city, as of then": of("getCompliance", period=PERIOD, group_by="clause", **past),
        "league of counties": of("getLeagueTable", period=PERIOD),
        "league of counties, as of then": of("getLeagueTable", period=PERIOD, **past),
        "risk summary, city": of("getRiskSummary"),
        "risk summary, county": of("getRiskSummary", "county"),
        "risk map, city, 5000 points": of("getRiskMap", limit="5000"),
        "risk map, a corner of the city": of("getRiskMap", limit="5000", bbox="{110.2,39.2,110.5,39.5}"),
        "lights by region, city": of("getRegionLights"),
        "figures of hazards by region, city": of("listHazardStatistics", period=PERIOD, group_by="region", limit="50"),
    }


# ---- what is written ----

def instant(**before: float) -> str:
    return (datetime.datetime.now(CHINA) - datetime.timedelta(**before)).isoformat(timespec="milliseconds")


def hazard(who: Principal, unit: str, rng: random.Random, **before: float) -> Call:
    words = rng.choice("护栏缺失 灭火器过期 电缆破损 安全出口堵塞 支护松动 标识缺失 粉尘积聚 接地不良".split())
    spot = f"{rng.randrange(40)}号部位"
    return Call("fileHazard", who, body=json.dumps({
        "unit_id": unit, "description": f"{spot}{words}", "place": spot, "source": "inspection", "category": "equipment",
        "found_at": instant(**(before or {"hours": 1}))}, ensure_ascii=False))


def accident(who: Principal, unit: str, region: str, rng: random.Random) -> Call:
    return Call("fileAccident", who, body=json.dumps({
        "unit_id": unit, "region_code": region, "occurred_at": instant(minutes=40 + rng.randrange(15)),
        "learned_at": instant(minutes=30), "place": f"{rng.randrange(97)}号作业点", "category": "12",
        "course": "作业过程中发生事故，现场人员立即撤离并报告值班室。", "scene": "现场通风和供电正常，作业点已封闭。",
        "cause": "初步判断为现场作业未按规程执行。", "measures": "已停止作业，组织救援，封锁现场。",
        "figures": {"deaths": rng.choice((0, 0, 0, 1, 1, 2)), "serious_injuries": rng.randrange(4)},
        "reporter_name": "张三", "reporter_phone": "13800000000"}, ensure_ascii=False))


def report(who: Principal, accident_id: str, kind: str, **more) -> Call:
    return Call("addAccidentReport", who, path={"accident_id": accident_id}, body=json.dumps(
        {"kind": kind, "narrative": "救援正在进行，现场情况稳定。", **more}, ensure_ascii=False))


def step(who: Principal, case: dict, action: str, photo: bool = False, **fields) -> Call:
    body = {"action": action, "fields": fields, **({"evidence": [{"kind": "photo"}]} if photo else {})}
    return Call("takeCaseAction", who, path={"case_id": case["id"], "if_match": str(case["version"])},
                body=json.dumps(body, ensure_ascii=False))


def life(side: Side, at: Place, unit: str) -> list[tuple[Principal, str, bool, dict]]:
    """The steps of a hazard from its finding to its end: who, action, with a photo, fields."""
    official, owner = inspector(side, at), of_unit(side, unit)
    due = (today() + datetime.timedelta(days=15)).isoformat()
    return [(official, "judge_general", False, {}),
            (official, "order", False, {"responsible": "安全科科长", "measures": "更换、加装并验收", "due_on": due}),
            (owner, "report_rectified", True, {"result": "已按要求整改完毕。"}),
            (official, "pass_review", False, {"opinion": "整改到位，同意销号。"})]


def risk_point(who: Principal, unit: str, region: str, rng: random.Random, number: int) -> Call:
    return Call("createRiskPoint", who, body=json.dumps({
        "unit_id": unit, "name": f"{number}号风险点", "place": f"{number % 97}号部位", "activity": "日常作业", "region_code": region,
        "lon": round(rng.uniform(109.0, 111.5), 6), "lat": round(rng.uniform(38.0, 40.5), 6), "crs": "CGCS2000"},
        ensure_ascii=False))


def assessment(who: Principal, point: dict, rng: random.Random) -> Call:
    return Call("assessRiskPoint", who, path={"risk_point_id": point["id"], "if_match": str(point["version"])},
                body=json.dumps({"assessed_on": today().isoformat(), "method": "lec", "likelihood": rng.choice((1, 3, 6)),
                                 "exposure": rng.choice((1, 3, 6)), "consequence": rng.choice((3, 7, 15)), "harm": "机械伤害",
                                 "reason": "季度评估", "assessor": "安全科", "measures": [
                                     {"kind": "engineering", "text": "加装护罩", "level": "company", "responsible": "总工程师"}]},
                                ensure_ascii=False))
