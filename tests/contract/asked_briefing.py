"""How the access matrix asks for the morning's briefing."""
ASKED = {
    "getBriefing": ("/v1/briefing", None, None),
}
