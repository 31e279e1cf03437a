"""How the access matrix asks for what is owed and done; own and foreign units are told apart in api/test_compliance.py."""
from harness import tree

OWN = tree.enterprise("150622101", 1).id
ASKED = {
    "listObligations": ("/v1/obligations", None, None),
    "listRepeatMisses": ("/v1/repeat-misses", None, None),
    "listExcuses": ("/v1/excuses", None, None),
    "getCompliance": ("/v1/compliance?period=2026-Q3", None, None),
    "getLeagueTable": ("/v1/compliance/league?period=2026-Q3", None, None),
    "getUnitCompliance": (f"/v1/units/{OWN}/compliance?period=2026-Q3", None, None),
}
