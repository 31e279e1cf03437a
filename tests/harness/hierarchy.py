"""Ready calls for units, people and appointments: each test makes its own, so that none stands on another's."""
import itertools
from datetime import datetime, timedelta, timezone

from . import tree

SHANGHAI = timezone(timedelta(hours=8))
numbers = itertools.count(1)
GOVERNMENT = tree.body("government", "150622").id


def day(days_ago: int) -> str:
    """A day of the past (or, negative, of the future) as the contract writes it; days are China's at any hour."""
    return (datetime.now(SHANGHAI).date() - timedelta(days=days_ago)).isoformat()


def unit_body(**changes) -> dict:
    """An enterprise of 沙圪堵镇 that opened 100 days ago. A member given as None is left out."""
    body = {"kind": "enterprise", "name": f"沙圪堵镇第{next(numbers)}新设公司", "region_code": "150622101", "sector": "coal",
            "accountable_to": GOVERNMENT, "opened_on": day(100), "document_number": "准工商〔2026〕1号", **changes}
    return {name: value for name, value in body.items() if value is not None}


def open_unit(client, **changes) -> dict:
    answer = client.post("/v1/units", json=unit_body(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def patch(client, target: str, if_match, **changes):
    return client.patch(target, json=changes, if_match=str(if_match),
                        headers={"Content-Type": "application/merge-patch+json"})


def change(client, unit: dict, **changes) -> dict:
    answer = patch(client, f"/v1/units/{unit['id']}", unit["version"], **changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(client, unit: dict, what: str, **body):
    """closure, merger or split of a unit."""
    return client.post(f"/v1/units/{unit['id']}/{what}", if_match=str(unit["version"]),
                       json={"document_number": "准政发〔2026〕17号", **body})


def person(client, unit_id: str, **changes) -> dict:
    answer = client.post("/v1/people", json={"unit_id": unit_id, "name": f"示例{next(numbers)}", "phone": "13800000000",
                                             **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def appointment_body(who: dict, unit_id: str, **changes) -> dict:
    body = {"person_id": who["id"], "unit_id": unit_id, "post": "principal", "held_from": day(50),
            "document_number": "董字〔2026〕3号", **changes}
    return {name: value for name, value in body.items() if value is not None}


def appoint(client, who: dict, unit_id: str, **changes) -> dict:
    answer = client.post("/v1/appointments", json=appointment_body(who, unit_id, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def faults(answer) -> set[tuple[str, str]]:
    assert answer.status_code == 422, f"{answer.status_code} {answer.text}"
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}
