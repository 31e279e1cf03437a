"""How the access matrix asks about people and appointments: every role of the matrix sees those of this enterprise."""
import itertools

from harness import tree
from harness.hierarchy import day

OWN = tree.enterprise("150622101", 1)
PERSON, APPOINTMENT = tree.unit_id("person of the matrix"), tree.unit_id("appointment of the matrix")
OLD = "999"
days = itertools.count()


def a_day_of_office() -> dict:
    """Each time another day, within what a unit may enter: nobody holds a post twice at a time."""
    ago = 350 - next(days)
    return {"person_id": PERSON, "unit_id": OWN.id, "post": "team_leader", "held_from": day(ago), "held_until": day(ago - 1)}


ASKED = {
    "listPosts": ("/v1/posts", None, None),
    "listPeople": ("/v1/people", None, None),
    "createPerson": ("/v1/people", {"unit_id": OWN.id, "name": "王建国"}, None),
    "getPerson": (f"/v1/people/{PERSON}", None, None),
    "updatePerson": (f"/v1/people/{PERSON}", {"name": "改名"}, OLD),
    "agreeToAppointment": (f"/v1/people/{PERSON}/consents", {"unit_id": OWN.id, "note": "同意"}, None),
    "listAppointments": ("/v1/appointments", None, None),
    "createAppointment": ("/v1/appointments", a_day_of_office, None),
    "getAppointment": (f"/v1/appointments/{APPOINTMENT}", None, None),
    "correctAppointment": (f"/v1/appointments/{APPOINTMENT}", {"held_from": "2020-01-01", "reason": "录入有误"}, OLD),
    "voidAppointment": (f"/v1/appointments/{APPOINTMENT}/void", {"reason": "录入有误"}, OLD),
    "endAppointment": (f"/v1/appointments/{APPOINTMENT}/end", {"held_until": "2026-01-01"}, OLD),
    "getUnitLeadership": (f"/v1/units/{OWN.id}/leadership", None, None),
}


def prepare(owner) -> None:
    """The person and the appointment, before anybody is asked about them."""
    owner.execute("insert into anze.person (id, unit_id, name, phone, region_code, sector, is_body)"
                  " values (%s, %s, '矩阵', '13800000000', %s, %s, false)", (PERSON, OWN.id, OWN.region_code, OWN.sector))
    owner.execute("insert into anze.appointment (id, person_id, unit_id, post, held, region_code, sector, is_body)"
                  " values (%s, %s, %s, 'front_line', '[2020-01-01,)', %s, %s, false)",
                  (APPOINTMENT, PERSON, OWN.id, OWN.region_code, OWN.sector))
