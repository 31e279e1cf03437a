"""How the access matrix asks for regions, rules and code sets."""
ASKED = {
    "listRegions": ("/v1/regions", None, None),
    "getRegion": ("/v1/regions/150622", None, None),
    "listSectors": ("/v1/sectors", None, None),
    "listRules": ("/v1/rules", None, None),
    "getRule": ("/v1/rules/ACC.RPT.UNIT", None, None),
    "reviseRule": ("/v1/rules/ACC.RPT.UNIT/versions",
                   {"value": 1, "in_force_from": "2030-01-01", "reason": "试行"}, "999"),
    "listInstruments": ("/v1/instruments", None, None),
    "listAccidentCategories": ("/v1/accident-categories", None, None),
}
