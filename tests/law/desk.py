"""The desks of the reporting chain: each calls the SQL functions as the service's login with its own context."""
import datetime as dt
import json

import psycopg

from harness import tree

CHINA = dt.timezone(dt.timedelta(hours=8))
ENTERPRISE = tree.enterprise("150622101", 1)   # coal
CHEMICAL = tree.enterprise("150622101", 2)
CARRIER = tree.enterprise("150622101", 3)      # road_traffic

UNIT = {"reach": "unit", "unit": ENTERPRISE.id, "actor": "reporter", "on_behalf_of": ENTERPRISE.id}
TOWN = {"reach": "region", "region": "150622101", "actor": "town officer"}
COUNTY = {"reach": "region", "region": "150622", "actor": "county officer"}
OTHER_COUNTY = {"reach": "region", "region": "150621", "actor": "other county officer"}
CITY = {"reach": "region", "region": "1506", "actor": "city officer"}
PROVINCE = {"reach": "region", "region": "15", "actor": "province officer"}


def at(text: str) -> dt.datetime:
    """2026-11-20 13:30[:05] in China."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def later(start: dt.datetime, **step: float) -> dt.datetime:
    return start + dt.timedelta(**step)


class Refused(Exception):
    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(f"{error.sqlstate}: {error.diag.message_primary}")
        self.code, self.answer = error.sqlstate, json.loads(error.diag.message_primary)

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(f["pointer"], f["rule"]) for f in self.answer["faults"]]


class Desk:
    """One connection of the service in one transaction that is rolled back; callers take turns."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def speak_as(self, caller: dict[str, str]) -> None:
        for name in ("reach", "region", "unit", "actor", "on_behalf_of", "sectors"):
            self.connection.execute("select set_config(%s, %s, true)", (f"anze.{name}", caller.get(name, "")))

    def value(self, query: str, *parameters):
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def call(self, caller: dict[str, str], function: str, *arguments) -> dict:
        """The answer's body, with its status, etag and location as `_status`, `_etag`, `_location`."""
        self.speak_as(caller)
        try:
            with self.connection.transaction():
                row = self.connection.execute(
                    f"select status, body, etag, location from anze.{function}({', '.join(['%s'] * len(arguments))})",
                    [json.dumps(a, default=dt.datetime.isoformat) if isinstance(a, dict) else a for a in arguments]
                ).fetchone()
        except psycopg.Error as error:
            if (error.sqlstate or "").startswith("AZ"):
                raise Refused(error) from None
            raise
        status, body, etag, location = row
        return json.loads(body) | {"_status": status, "_etag": etag, "_location": location}

    def file(self, caller: dict[str, str], **given) -> dict:
        filing = {"unit_id": ENTERPRISE.id, "region_code": "150622101", "place": "3号工作面", "course": "顶板垮落",
                  "measures": "停止作业", "figures": {"deaths": 2, "missing": 3}} | given
        if "category" not in filing:
            filing["category"] = "12" if filing["occurred_at"] >= at("2026-07-01") else "11"
        return self.call(caller, "file_accident", {k: v for k, v in filing.items() if v is not None})

    def add(self, caller: dict[str, str], accident: dict, **given) -> dict:
        return self.call(caller, "add_accident_report", accident["id"],
                         {"kind": "supplement", "narrative": "情况有变"} | given)

    def correct(self, caller: dict[str, str], accident: dict, number: int, **given) -> dict:
        return self.call(caller, "correct_accident_report", accident["id"], number, str(accident["version"]),
                         {"reason": "核实后更正"} | given)

    def pass_up(self, caller: dict[str, str], accident: dict, to_level: str, sent_at=None, **given) -> dict:
        passing = {"to_level": to_level, "channel": "system" if sent_at is None else "text"} | given
        if sent_at is not None:
            passing["sent_at"] = sent_at
        return self.call(caller, "pass_accident_up", accident["id"], str(accident["version"]), passing)

    def acknowledge(self, caller: dict[str, str], accident: dict, number: int = -1, **given) -> dict:
        return self.call(caller, "acknowledge_accident", accident["id"], accident["transmissions"][number]["id"],
                         str(accident["version"]), given)

    def tell(self, caller: dict[str, str], accident: dict, *notified: str, **given) -> dict:
        return self.call(caller, "record_accident_notices", accident["id"], str(accident["version"]),
                         {"notified": list(notified)} | given)


def clock(accident: dict, code: str, from_level: str | None = None, to_level: str | None = None) -> dict:
    """The one clock in force of that name."""
    found = [c for c in accident["clocks"] if c["code"] == code and c["state"] != "superseded"
             and from_level in (None, c.get("from_level")) and to_level in (None, c.get("to_level"))]
    assert len(found) == 1, (code, from_level, to_level, found)
    return found[0]


def clocks(accident: dict, kind: str = "report") -> set[tuple[str, str, str]]:
    return {(c["code"], c.get("from_level"), c.get("to_level"))
            for c in accident["clocks"] if c["kind"] == kind and c["state"] != "superseded"}


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
