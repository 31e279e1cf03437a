"""How the access matrix asks about listed cases, what is asked upward, and hazards treated as accidents."""
from harness.listing import MINE, found_province_office, hazard_case, proposal

HAZARDS: list[str] = []


def an_unlisted_hazard() -> dict:
    """Each time another one: a hazard is treated as an accident once."""
    return {"parent_id": HAZARDS.pop(), "grounds": "经督查查实"}


ASKED = {
    "listListedCases": ("/v1/listed-cases", None, None),
    "proposeListing": ("/v1/listed-cases", proposal(unit_id=MINE.id, level="province"), None),
    "raiseEscalation": ("/v1/escalations", {"unit_id": MINE.id, "title": "搬迁", "matter": "用地指标不足",
                                            "asks_for": "协调用地指标"}, None),
    "treatHazardAsAccident": ("/v1/hazards-as-accidents", an_unlisted_hazard, None),
}


def prepare(owner) -> None:
    found_province_office(owner)  # whom the province asks
    HAZARDS.extend(hazard_case(owner) for _ in range(20))
