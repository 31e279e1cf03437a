"""How the access matrix asks about units: every role of the matrix sees this enterprise."""
from harness import tree

OWN = tree.enterprise("150622101", 1).id
NEW = {"kind": "enterprise", "name": "矩阵公司", "region_code": "150622101", "sector": "coal", "accountable_to": OWN}
ACT = {"effective_on": "2026-01-01", "document_number": "准政发〔2026〕17号"}
# Of another version, so that the unit stays what the other rows of the matrix know: 412 is the answer of who may.
OLD = "999"
ASKED = {
    "listUnits": ("/v1/units", None, None),
    "createUnit": ("/v1/units", NEW, None),
    "getUnit": (f"/v1/units/{OWN}", None, None),
    "updateUnit": (f"/v1/units/{OWN}", {"name": "改名"}, OLD),
    "closeUnit": (f"/v1/units/{OWN}/closure", ACT, OLD),
    "mergeUnit": (f"/v1/units/{OWN}/merger", {"new_unit": NEW, **ACT}, OLD),
    "splitUnit": (f"/v1/units/{OWN}/split", {"successors": [{"new_unit": NEW}, {"new_unit": NEW}], **ACT}, OLD),
    "getUnitHistory": (f"/v1/units/{OWN}/history", None, None),
    "getUnitTree": (f"/v1/units/{OWN}/tree", None, None),
}
