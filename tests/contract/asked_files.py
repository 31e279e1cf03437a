"""How the access matrix asks about files that are not about one file."""
ASKED = {
    "listFiles": ("/v1/files", None, None),
    "createFile": ("/v1/files", {"name": "现场.png", "size": 100, "sha256": "0" * 64, "media_type": "image/png"}, None),
}
