"""How the access matrix asks about records of what was done, follow-ups and events of an enterprise that every role sees."""
from harness import tree

OWN = tree.enterprise("150622101", 1)
RECORD, EVENT = "00000000-0000-4000-8000-00000000d001", "00000000-0000-4000-8000-00000000d002"
FILING = {"kind": "training", "unit_id": OWN.id, "title": "班组长安全培训", "on_day": "2025-05-12",
          "content": {"topic": "岗位安全操作规程", "attendees": 20, "hours": 8}}
ASKED = {
    "listDutyRecords": ("/v1/duty-records", None, None),
    "fileDutyRecord": ("/v1/duty-records", FILING, None),
    "getDutyRecord": (f"/v1/duty-records/{RECORD}", None, None),
    "retractDutyRecord": (f"/v1/duty-records/{RECORD}/retraction", {"reason": "误登"}, "999"),
    "replaceDutyRecord": (f"/v1/duty-records/{RECORD}/versions", {"reason": "人数有误", "record": FILING}, "999"),
    "publishDutyRecord": (f"/v1/duty-records/{RECORD}/publication", {"published_on": "2025-05-13"}, "999"),
    "getFollowUp": (f"/v1/duty-records/{RECORD}/follow-ups/1", None, None),
    "completeFollowUp": (f"/v1/duty-records/{RECORD}/follow-ups/1/completion",
                         {"done_on": "2025-05-20", "result": "已整改"}, "999"),
    "listFollowUps": ("/v1/follow-ups", None, None),
    "listDutyEventKinds": ("/v1/duty-event-kinds", None, None),
    "recordDutyEvent": ("/v1/duty-events", {"kind": "access_checked", "unit_id": OWN.id, "subject": "检查",
                                            "occurred_at": "2025-05-12T09:00:00+08:00"}, None),
    "listDutyEvents": ("/v1/duty-events", None, None),
    "getDutyEvent": (f"/v1/duty-events/{EVENT}", None, None),
    "withdrawDutyEvent": (f"/v1/duty-events/{EVENT}/withdrawal", {"reason": "误登"}, "999"),
}


def prepare(owner) -> None:
    for statement in (
    "insert into anze.duty_event_kind (code, title_zh, title_en) values ('access_checked', '访问检查', 'Access checked')",
    "insert into anze.duty_record (id, kind, unit_id, on_day, title, region_code, sector)"
    f" values ('{RECORD}', 'training', '{OWN.id}', '2025-05-12', '培训', '{OWN.region_code}', '{OWN.sector}')",
    "insert into anze.follow_up (record_id, number, kind, matter, unit_id, region_code, sector)"
    f" values ('{RECORD}', 1, 'decision', '整改', '{OWN.id}', '{OWN.region_code}', '{OWN.sector}')",
    "insert into anze.duty_event (id, kind, unit_id, occurred_at, region_code, sector)"
    f" values ('{EVENT}', 'access_checked', '{OWN.id}', '2025-05-12', '{OWN.region_code}', '{OWN.sector}')",
):
        owner.execute(statement)
