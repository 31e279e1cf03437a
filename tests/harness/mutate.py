"""Bodies made wrong, odd or huge: members dropped, retyped and doubled, numbers, texts and times at odd bounds, broken text.

MARK stands in every text that is put in, so that it can be looked for where it must not come out."""
import itertools
import json
import random
import re

MARK = "mk5Qz8v"
MOST = 1_100_000  # characters: over what is taken
HALF = re.compile("[\ud800-\udfff]")
NUMBERS = [0, -1, 1, 2**31, -2**31 - 1, 2**53 + 1, 2**63, -2**63 - 1, 10**30, 10**400, 1.5, -0.0, 1e-320, 1e308, 0.1 + 0.2, 32768]
TEXTS = ["", " ", "\u3000", "\n", "\t", "\0", f"{MARK}\0", f"a\0{MARK}", f"{MARK}\ud800", f"\udc00{MARK}", f"{MARK}\ud83d", f"\u202e{MARK}",
         f"{MARK}\u200b", f"\ufeff{MARK}", f"{MARK}\ufffe", f"{MARK}e\u0301", f"{MARK}😀", f"{MARK}\U0010ffff", f"{MARK}\ue000",
         MARK * 20_000, f"{MARK}'; drop table anze.unit --", f"{MARK}%s%n%00", f"{MARK}\\", f'{MARK}"', f"{MARK}\r\nX: y", f"{{{MARK},}}",
         f"{MARK}\x7f", f"{MARK}\x1b[31m", f"{MARK}\u2028", f"${{{MARK}}}", f"<{MARK}>", f"\\N{MARK}", "null", "NaN", "-0", "１２３", "0x10", "1e3",
         "true", "t", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF", "{00000000-0000-4000-8000-000000000000}"]
TIMES = ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59.999999999+23:59", "9999-12-31T23:59:59-23:59",
         "2026-02-30T00:00:00Z", "2026-06-30T23:59:60Z", "2016-12-31T23:59:60Z", "2026-01-01T24:00:00Z", "2026-01-01t00:00:00z",
         "2026-01-01T00:00:00+99:00", "2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "10000-01-01T00:00:00Z",
         "294277-01-01T00:00:00Z", "-0044-03-15T00:00:00Z", "infinity", "-infinity", "now", "epoch", "1970-01-01T00:00:00.0000000000001Z",
         "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "2023-02-29", "2024-02-29", "1582-10-10", "2026-13-01", "2026-1-1", "today",
         "2026-W01-1", "20260101", "2100-01-01", "1949-10-01", "1900-02-29"]


def places(value, at=()):
    """Every place in a value but the root, as its container and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(items):
        yield value, key
        yield from places(member)


def nested(depth: int, member):
    for _ in range(depth):
        member = [member] if depth % 2 else {"a": member}
    return member


class Mutator:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def body(self, value: dict) -> str:
        """The text of a body that is some steps away from a good one."""
        value = json.loads(json.dumps(value))
        for _ in range(self.chance.choice([1, 1, 1, 2, 3])):
            if sum(1 for _ in itertools.islice(places(value), 1000)) == 1000:
                break  # it has been made large
            self.chance.choice([self.replace] * 10 + [self.drop, self.drop, self.add, self.many, self.swap, self.empty])(value)
        text = json.dumps(value, ensure_ascii=False)
        if self.chance.random() < 0.5 or HALF.search(text):  # UTF-8 has no half of a pair: it is sent escaped
            text = json.dumps(value)
        return self.broken(text[:MOST]) if self.chance.random() < 0.15 else text[:MOST]

    def place(self, value):
        found = list(places(value))
        return self.chance.choice(found) if found else None

    def other(self, was):
        chance = self.chance
        if isinstance(was, str) and was[:4].isdigit() and "-" in was and chance.random() < 0.6:
            return chance.choice(TIMES)
        if isinstance(was, (int, float)) and not isinstance(was, bool) and chance.random() < 0.6:
            return chance.choice(NUMBERS)
        if isinstance(was, str) and chance.random() < 0.6:
            return chance.choice([chance.choice(TEXTS), f"{MARK}{was}", was + " ", was.upper(), was * 50, was[:-1]])
        return chance.choice([None, True, False, [], {}, [None], [was], {"a": was}, MARK, [MARK], {MARK[:2]: MARK}, nested(40, MARK),
                              nested(41, was), nested(200, 1), chance.choice(NUMBERS), chance.choice(TEXTS), chance.choice(TIMES)])

    def replace(self, value) -> None:
        if place := self.place(value):
            place[0][place[1]] = self.other(place[0][place[1]])

    def drop(self, value) -> None:
        if place := self.place(value):
            del place[0][place[1]]

    def add(self, value) -> None:
        name = self.chance.choice(["extra", "id", "version", "state", "__proto__", "", "a" * 5000, "名", "é", "e\u0301", "a/b~c", "created_at"])
        if isinstance(value, dict):
            value[name] = self.other(MARK)

    def many(self, value) -> None:
        lists = [container[key] for container, key in places(value) if isinstance(container[key], list) and container[key]]
        if lists:
            chosen = self.chance.choice(lists)
            chosen[:] = chosen * self.chance.choice([2, 101, 1500])
        elif place := self.place(value):
            place[0][place[1]] = [place[0][place[1]]] * self.chance.choice([2, 1500])

    def swap(self, value) -> None:
        (one, key), (other, name) = self.place(value) or (value, ""), self.place(value) or (value, "")
        if key != "" and name != "":
            try:
                one[key], other[name] = other[name], one[key]
                json.dumps(value)  # one may have held the other
            except (ValueError, KeyError, IndexError, RecursionError):
                value.clear()

    def empty(self, value) -> None:
        if isinstance(value, dict):
            value.clear()

    def broken(self, text: str) -> str:
        chance, cut = self.chance, self.chance.randrange(len(text))
        first = text[1:text.find(":") + 1]
        return chance.choice([text[:cut], text + "}", f"{text}{text}", f"[{text}]", "null", "", " ", f'"{MARK}"', "1", f"\ufeff{text}",
                              text.replace("{", "{" + first + "1,", 1) if len(first) > 1 else "{", text.replace(":", ": NaN //", 1),
                              text.replace('"', "'"), text[:cut] + "\\u0000" + text[cut:], text[:cut] + "\x01" + text[cut:],
                              text[:-1] + ",}", "[" * 5000, '{"a":' * 5000, text[:cut] + "\udcff" + text[cut:], text.replace(":", ":0", 1)])
