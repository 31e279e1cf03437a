"""Ready bodies for records of what was done, and people who may lead."""
import uuid
from datetime import datetime, timedelta, timezone

from . import tree

SHANGHAI = timezone(timedelta(hours=8))
RECORDS = "/v1/duty-records"


def day(offset: int = 0) -> str:
    """day(-3): the day of the law three days ago."""
    return (datetime.now(SHANGHAI).date() + timedelta(days=offset)).isoformat()


def record(**changes) -> dict:
    """A meeting of yesterday. A member given as None is left out."""
    body = {"kind": "meeting", "title": "安委会全体会议", "on_day": day(-1),
            "content": {"body": "安委会", "topics": ["安全生产形势"]}, **changes}
    return {name: value for name, value in body.items() if value is not None}


def training(**changes) -> dict:
    return record(**{"kind": "training", "title": "业务培训",
                     "content": {"topic": "重大事故隐患判定标准", "attendees": 46, "hours": 16}, **changes})


def inspection(findings: list[dict], **changes) -> dict:
    return record(**{"kind": "led_inspection", "title": "带队暗访煤矿",
                     "content": {"type": "unannounced", "places": [{"place": "3号工作面"}], "findings": findings}, **changes})


def examples(contract) -> dict[str, dict]:
    """The filings that the contract shows, by kind."""
    body = contract.document["paths"][RECORDS]["post"]["requestBody"]["content"]["application/json"]
    return {kind: dict(shown["value"]) for kind, shown in body["examples"].items()}


def appoint(database, unit: tree.Unit, post: str, held: str, name: str = "张某") -> str:
    """A new person of the unit who holds the post for these days: appoint(db, unit, "principal", "[2024-01-01,)")."""
    person = str(uuid.uuid4())
    is_body = unit.kind not in ("enterprise", "enterprise_group", "site")
    with database.owner() as owner:
        owner.execute("insert into anze.person (id, unit_id, name, region_code, sector, is_body) values (%s, %s, %s, %s, %s, %s)",
                      (person, unit.id, name, unit.region_code, unit.sector, is_body))
        owner.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                      " values (%s, %s, %s, %s, %s, %s, %s)",
                      (person, unit.id, post, held, unit.region_code, unit.sector, is_body))
    return person


def event_kind(database, code: str, is_automatic: bool = False) -> str:
    with database.owner() as owner:
        owner.execute("insert into anze.duty_event_kind (code, title_zh, title_en, is_automatic) values (%s, %s, %s, %s)"
                      " on conflict do nothing", (code, "测试事件", "Event of a test", is_automatic))
    return code


def raise_event(database, kind: str, unit: tree.Unit, occurred_at: str) -> str:
    """An event as the engine would raise it; its id."""
    with database.owner() as owner:
        return str(owner.execute("insert into anze.duty_event (kind, unit_id, occurred_at, region_code, sector)"
                                 " values (%s, %s, %s, %s, %s) returning id",
                                 (kind, unit.id, occurred_at, unit.region_code, unit.sector)).fetchone()[0])


def faults(answer) -> set[tuple[str, str]]:
    """(pointer, code) of everything that a 422 complains of."""
    assert answer.status_code == 422, f"{answer.status_code}: {answer.text[:400]}"
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


def add_unit(database, kind: str, name: str, region: str, **columns) -> tree.Unit:
    """A unit beside those of tree.py: add_unit(db, "safety_committee", "市安委会", "150600", level="city")."""
    made = tree.Unit(str(uuid.uuid4()), kind, name, region, **columns)
    with database.owner() as owner:
        owner.execute("insert into anze.unit (id, kind, name, region_code, sector, level, supervision_role, accountable_to)"
                      " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                      (made.id, kind, name, region, made.sector, made.level, made.supervision_role, made.accountable_to))
    return made
