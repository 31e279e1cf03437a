"""How the access matrix asks for regions, rules and code sets."""
import uuid

ASKED = {
    "listRegions": ("/v1/regions", None, None),
    "getRegion": ("/v1/regions/150622", None, None),
    "listSectors": ("/v1/sectors", None, None),
    "listRules": ("/v1/rules", None, None),
    "getRule": ("/v1/rules/ACC.RPT.UNIT", None, None),
    "reviseRule": ("/v1/rules/ACC.RPT.UNIT/versions",
                   {"value": 1, "in_force_from": "2030-01-01", "reason": "试行"}, "999"),
    "listInstruments": ("/v1/instruments", None, None),
    "listCalendarNotices": ("/v1/calendar-notices", None, None),
    "addCalendarNotice": ("/v1/calendar-notices", lambda: {
        "code": f"TEST-{uuid.uuid4().hex[:12].upper()}", "of_year": 2031, "title": "测试通知", "issued_on": "2026-11-01",
        "covers_year": False, "reason": "试行",
        "days": [{"day": "2031-05-05", "is_working": False, "title_zh": "劳动节", "title_en": "Labour Day"}]}, None),
    "listAccidentCategories": ("/v1/accident-categories", None, None),
}
