"""Ready bodies for accident reports."""
from datetime import datetime, timedelta, timezone

from . import tree

SHANGHAI = timezone(timedelta(hours=8))


def instant(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")


def minutes_ago(minutes: float) -> str:
    return instant(datetime.now(SHANGHAI) - timedelta(minutes=minutes))


def first_report(**changes) -> dict:
    """A roof fall in a coal mine of 沙圪堵镇, half an hour ago. A member given as None is left out."""
    body = {
        "unit_id": tree.enterprise("150622101", 1).id,
        "occurred_at": minutes_ago(30),
        "learned_at": minutes_ago(20),
        "region_code": "150622101",
        "place": "3号工作面",
        "scene": "工作面长约20米范围顶板垮落",
        "course": "回采作业时顶板突然垮落，有人被埋",
        "category": "12",
        "figures": {"deaths": 2, "missing": 3},
        "measures": "已停止作业，撤出其余人员",
        "reporter_name": "王某",
        "reporter_phone": "13800000000",
    }
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def follow_up(**changes) -> dict:
    return {"kind": "follow_up", "narrative": "救援正在进行", **changes}


def ago(**delta: float) -> str:
    """ago(days=5, minutes=20): an instant of the past, at full seconds."""
    return instant(datetime.now(SHANGHAI) - timedelta(**delta))


def clocks(accident: dict, code: str, **members) -> list[dict]:
    """The clocks of a code whose members have these values: clocks(a, "pass_up", from_level="county")."""
    return [c for c in accident["clocks"] if c["code"] == code and all(c.get(k) == v for k, v in members.items())]


def told(accident: dict, level: str) -> set[str]:
    """The recipients of a level that were told."""
    return {r["recipient"] for r in accident["recipients"] if r["level"] == level and "told_at" in r}


def wrong_pages(connection) -> list[str]:
    """Accidents of which no page is kept, one from before their last write, or another one than would be rendered now. Asked
    with the rights of a superuser, who sees what any transaction of the connection wrote."""
    return [str(row[0]) for row in connection.execute("""
        select a.id from anze.accident a left join anze.accident_page p on p.accident_id = a.id
        where p.updated_at is distinct from a.updated_at or p.law = anze.accident_law_number() and p is distinct from
            anze.accident_page_of(a, array(select d from anze.deadline d where d.subject_id = a.id))""").fetchall()]
