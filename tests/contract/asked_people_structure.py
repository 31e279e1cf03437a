"""How the access matrix asks for rules of structure and what breaks them."""
ASKED = {
    "listStructuralFindings": ("/v1/structural-findings", None, None),
    "listStructuralRules": ("/v1/structural-rules", None, None),
}
