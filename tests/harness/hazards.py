"""Ready bodies about hazards."""
from datetime import datetime, timedelta, timezone

from . import tree

HAZARDS, CRITERIA, STATISTICS = "/v1/hazards", "/v1/hazard-criteria", "/v1/hazard-statistics"
SHANGHAI = timezone(timedelta(hours=8))
MINE = tree.enterprise("150622101", 1)  # coal


def ago(**step: float) -> str:
    """ago(days=2) -> an instant of the past, as clients send it."""
    return (datetime.now(SHANGHAI) - timedelta(**step)).isoformat(timespec="milliseconds")


def day(offset: int = 0) -> str:
    return (datetime.now(SHANGHAI).date() + timedelta(days=offset)).isoformat()


def filing(**changes) -> dict:
    """A general one, found an hour ago by an inspection. A member given as None is left out."""
    body = {"unit_id": MINE.id, "description": "带式输送机尾部护栏缺失", "place": "主井口带式输送机", "source": "inspection",
            "found_at": ago(hours=1), "category": "equipment", **changes}
    return {name: value for name, value in body.items() if value is not None}


def filed(caller, **changes) -> dict:
    answer = caller.post(HAZARDS, json=filing(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def judged(caller, hazard: dict, severity: str, **given) -> dict:
    answer = caller.post(f"{HAZARDS}/{hazard['id']}/judgements", if_match=str(hazard["version"]),
                         json={"severity": severity, **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def merged(caller, hazard: dict, into: dict, reason: str = "同一隐患") -> dict:
    answer = caller.post(f"{HAZARDS}/{hazard['id']}/mergers", if_match=str(hazard["version"]),
                         json={"into_id": into["id"], "reason": reason})
    assert answer.status_code == 201, answer.text
    return answer.json()


def faults(answer) -> set[tuple[str, str]]:
    """(pointer, code) of everything that a 422 complains of."""
    assert answer.status_code == 422, f"{answer.status_code}: {answer.text[:400]}"
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}
