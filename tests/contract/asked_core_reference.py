"""How the access matrix asks for regions, rules and code sets."""
import itertools
import secrets
import uuid

LETTERS = str.maketrans("0123456789", "ghijklmnop")
CODES = itertools.count(40)

ASKED = {
    "listRegions": ("/v1/regions", None, None),
    "getRegion": ("/v1/regions/150622", None, None),
    "listSectors": ("/v1/sectors", None, None),
    "addSector": ("/v1/sectors", lambda: {"code": f"test_{secrets.token_hex(8).translate(LETTERS)}", "title_zh": "测试领域",
                                          "title_en": "Test", "in_force_from": "2026-01-01", "reason": "试行"}, None),
    "reviseSector": ("/v1/sectors/other", {"reason": "试行"}, "999"),
    "addInstrument": ("/v1/instruments", lambda: {"code": f"TEST-{uuid.uuid4().hex[:12].upper()}", "title": "测试办法", "title_en": "Test",
                                                  "issued_by": "测试", "in_force_from": "2026-01-01", "reason": "试行"}, None),
    "reviseInstrument": ("/v1/instruments/SC-493", {"reason": "试行"}, "999"),
    "addAccidentCategory": ("/v1/accident-categories", lambda: {
        "standard": "GB 6441-2025", "code": str(next(CODES)), "title_zh": "测试类别", "title_en": "Test",
        "in_force_from": "2031-01-01", "reason": "试行"}, None),
    "reviseAccidentCategory": ("/v1/accident-categories/27", {"standard": "GB 6441-2025", "reason": "试行"}, "999"),
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
