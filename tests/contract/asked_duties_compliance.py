"""How the access matrix asks for what is owed and done; own and foreign units are told apart in api/test_duties_compliance.py."""
import datetime as dt
import itertools

from asked_people import PERSON
from harness import tree
from harness.hierarchy import day
from harness.owed import DAY, now, owe

UNIT = tree.enterprise("150622101", 1)
OWN = UNIT.id
# What is owed for a day each: whoever asks to be excused, asks for another one.
ROLES = 20
OBLIGATIONS = [tree.unit_id(f"obligation {n} of the matrix") for n in range(ROLES)]
EXCUSE = tree.unit_id("excuse of the matrix")
to_excuse = itertools.cycle(OBLIGATIONS[1:])
earlier_days = (day(40 + n) for n in itertools.count())  # each time an earlier one

ASKED = {
    "listObligations": ("/v1/obligations", None, None),
    "getObligation": (f"/v1/obligations/{OBLIGATIONS[0]}", None, None),
    "listRepeatMisses": ("/v1/repeat-misses", None, None),
    "listExcuses": ("/v1/excuses", None, None),
    "requestExcuse": (lambda: f"/v1/obligations/{next(to_excuse)}/excuses", {"reason": "停产检修，无作业"}, None),
    "getExcuse": (f"/v1/excuses/{EXCUSE}", None, None),
    "decideExcuse": (f"/v1/excuses/{EXCUSE}/decision", {"decision": "approved"}, "999"),
    "getCompliance": ("/v1/compliance?period=2026-Q3", None, None),
    "getLeagueTable": ("/v1/compliance/league?period=2026-Q3", None, None),
    "planUnitDuties": (f"/v1/units/{OWN}/duty-planning", lambda: {"planned_from": next(earlier_days), "reason": "补录历史"}, None),
    "getUnitCompliance": (f"/v1/units/{OWN}/compliance?period=2026-Q3", None, None),
    "getPersonCompliance": (f"/v1/people/{PERSON}/compliance?period=2026-Q3", None, None),
}


def prepare(owner) -> None:
    """Obligations that nobody met, and for the first of them a request to be excused. They lie before everything that
    the matrix changes, so that no planning withdraws them."""
    for n, identity in enumerate(OBLIGATIONS):
        end = dt.date(2019, 1, 2) + n * DAY
        owe(owner, now() - DAY, unit=UNIT, id=identity, start=end - DAY, end=end)
    owner.execute("insert into anze.excuse (id, obligation_id, reason, unit_id, region_code, sector)"
                  " values (%s, %s, '停产检修', %s, %s, %s)",
                  (EXCUSE, OBLIGATIONS[0], OWN, UNIT.region_code, UNIT.sector))
