"""Cuts files of sql/functions into what `anze migrate` applies by itself, by the same rules (src/db/script.c,
src/db/migration.c)."""
import hashlib
import re
from dataclasses import dataclass

TOKEN = re.compile(r"(?P<quoted>[eE]?'(?:[^']|'')*'|\"[^\"]*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
                   r"|(?P<blank>\s+|--[^\n]*|/\*.*?\*/)|(?P<end>;)|(?P<alone>[(),])|\w+|.", re.DOTALL)


@dataclass
class Object:
    text: str
    digest: str
    makes: str | None  # "trigger NAME on TABLE"


def statements(sql: str) -> list[str]:
    found, begin, end = [], None, 0
    for token in TOKEN.finditer(sql):
        if token["end"]:
            if begin is not None:
                found.append(sql[begin:end])
            begin = None
        elif not token["blank"]:
            begin, end = token.start() if begin is None else begin, token.end()
    return found + ([sql[begin:end]] if begin is not None else [])


def words(statement: str) -> list[str]:
    found, is_open = [], False
    for token in TOKEN.finditer(statement):
        if token["blank"] or token["alone"]:
            is_open = False
            found += [token[0]] if token["alone"] else []
        elif is_open:
            found[-1] += token[0]
        else:
            found.append(token[0])
            is_open = True
    return found


def routine(statement: str) -> str | None:
    w = words(statement)[:5]
    return w[4] if len(w) == 5 and w[2] == "replace" and w[3] in ("function", "procedure") else None


def _trigger(statement: str) -> str | None:
    w = words(statement)
    at = 4 if w[3:4] == ["constraint"] else 3
    if w[0] != "create" or w[2:3] != ["replace"] or w[at:at + 1] != ["trigger"]:
        return None
    return f"trigger {w[at + 1]} on {w[w.index('on') + 1]}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:32]


def digests(files: dict) -> dict[object, list[Object]]:
    """By file: its objects, without settings. `select f(…)` has the text of f in its digest."""
    cut = {name: [s for s in statements(text) if words(s)[:2] != ["set", "local"]] for name, text in files.items()}
    makers: dict[str, str] = {}
    for s in (s for all_of in cut.values() for s in all_of):
        if routine(s):
            makers.setdefault(routine(s), s)
    found = {}
    for name, all_of in cut.items():
        found[name] = []
        for s in all_of:
            w = words(s)[:3]
            called = makers.get(w[1]) if w[:1] == ["select"] and w[2:] == ["("] else None
            found[name].append(Object(s, _digest(s, called) if called else _digest(s), _trigger(s)))
    return found
