"""How the access matrix asks about notices and lights: a warning that every role of the matrix sees."""
from harness import tree
from harness.owed import DAY, now, owe, sweep

OWN = tree.enterprise("150622101", 1)
NOTICE = tree.unit_id("the warning of the matrix")
ASKED = {
    "listNotices": ("/v1/notices", None, None),
    "getNotice": (f"/v1/notices/{NOTICE}", None, None),
    "acknowledgeNotice": (f"/v1/notices/{NOTICE}/acknowledgement", {"note": "已安排"}, "999"),
    "listLights": ("/v1/lights", None, None),
    "getUnitLight": (f"/v1/units/{OWN.id}/light", None, None),
    "getRegionLights": ("/v1/region-lights?parent=150600", None, None),
}


def prepare(owner) -> None:
    obligation = owe(owner, now() - DAY, unit=OWN)
    sweep(owner)
    owner.execute("update anze.notice set id = %s where subject_id = %s", (NOTICE, obligation))
