"""How the access matrix asks for the catalogue of duties."""
ASKED = {
    "listDuties": ("/v1/duties", None, None),
    "getDuty": ("/v1/duties/D.PARTY.MEET", None, None),
    "reviseDuty": ("/v1/duties/D.PARTY.MEET/versions",
                   {"minimum_count": 2, "in_force_from": "2030-01-01", "reason": "试行"}, "999"),
    "listDutyClauses": ("/v1/duty-clauses", None, None),
}
