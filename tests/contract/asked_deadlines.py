"""How the access matrix asks for what is owed by a time."""
ASKED = {
    "listDeadlines": ("/v1/deadlines", None, None),
}
