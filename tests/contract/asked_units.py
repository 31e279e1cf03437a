"""How the access matrix asks about units: every role of the matrix sees this enterprise."""
from harness import tree

OWN = tree.enterprise("150622101", 1).id
ASKED = {
    "listUnits": ("/v1/units", None, None),
    "getUnit": (f"/v1/units/{OWN}", None, None),
    "getUnitTree": (f"/v1/units/{OWN}/tree", None, None),
}
