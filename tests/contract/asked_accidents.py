"""How the access matrix asks operations about accidents that are not about one accident."""
from harness import tree
from harness.accidents import first_report

OWN = tree.enterprise("150622101", 1)
ASKED = {
    "listAccidents": ("/v1/accidents", None, None),
    "fileAccident": ("/v1/accidents", first_report(region_code=OWN.region_code, sector=OWN.sector, unit_id=OWN.id), None),
}
