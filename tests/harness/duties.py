"""Units, people, duties and records for tests of the duty engine: written by SQL in one transaction of the owner."""
import datetime as dt
import itertools
import json
import uuid

import psycopg

TOWN = "150622101"
_numbers = itertools.count(1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class Office:
    """One transaction as the schema's owner, with the work of the service; rolled back by whoever opened it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute("select set_config('anze.reach', 'service', true), set_config('anze.actor', 'tester', true)")

    def run(self, query: str, *parameters) -> list[tuple]:
        cursor = self.connection.execute(query, parameters)
        return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *parameters):
        rows = self.run(query, *parameters)
        return rows[0][0] if rows else None

    # -------------------------------------------------------------- who there is

    def unit(self, kind: str = "enterprise", *, opened: str = "2020-01-01", closed: str | None = None,
             region: str = TOWN, begins: str = "2020-01-01", **columns) -> str:
        """A unit that the system has known since `begins`: no obligation is planned for periods before."""
        number = next(_numbers)
        values = {"id": str(uuid.uuid4()), "kind": kind, "name": f"示例单位{number}", "region_code": region,
                  "opened_on": opened, "closed_on": closed, **columns}
        names = ", ".join(values)
        self.connection.execute(
            f"insert into anze.unit ({names}) values ({', '.join(['%s'] * len(values))})", tuple(values.values()))
        self.run("update anze.duty_work set begins_on = %s, plan_from = null, planned_until = '-infinity' where unit_id = %s",
                 begins, values["id"])
        return values["id"]

    def person(self, unit: str, name: str = "某甲") -> str:
        return str(self.value("insert into anze.person (unit_id, name, region_code, sector, is_body)"
                              " select id, %s, region_code, sector, is_body from anze.unit where id = %s returning id",
                              name, unit))

    def appoint(self, unit: str, post: str, since: str, until: str | None = None, person: str | None = None) -> str:
        """The person, who holds the post from `since` and not any more from `until` on."""
        person = person or self.person(unit)
        self.run("insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                 " select %s, id, %s, daterange(%s, %s), region_code, sector, is_body from anze.unit where id = %s",
                 person, post, since, until, unit)
        return person

    # -------------------------------------------------------------- what is owed and done

    def duty(self, **columns) -> str:
        values = {"code": f"T.{next(_numbers)}", "version": 1, "in_force": "[2022-01-01,)", "clause": "1.01", "nature": "R",
                  "title_zh": "测试职责", "title_en": "A duty for tests", "actor_zh": "企业", "unit_kinds": ["enterprise"],
                  "record_kinds": ["hazard_check"], "counting": "within", "period": "month",
                  "instrument": "OPINION-ORDOS-2022", "confidence": "found", "origin": "shipped", **columns}
        self.connection.execute(
            f"insert into anze.duty ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
            tuple(values.values()))
        return values["code"]

    def plan(self, unit: str, since: str, until: str) -> int:
        return self.value("select anze.plan_obligations(array[%s::uuid], %s, %s)", unit, since, until)

    def record(self, unit: str, on: str, *, kind: str = "hazard_check", person: str | None = None, evidence=(),
               for_period: str | None = None, published: str | None = None, event: str | None = None) -> str:
        record = str(self.value(
            "insert into anze.duty_record (kind, unit_id, person_id, on_day, for_period, title, evidence, published_on,"
            " event_id, region_code, sector) select %s, id, %s, %s, %s, '测试', %s, %s, %s, region_code, sector"
            " from anze.unit where id = %s returning id",
            kind, person, on, for_period, list(evidence), published, event, unit))
        self.settle(record)
        return record

    def settle(self, record: str) -> None:
        self.run("select anze.settle_records(array[%s::uuid])", record)

    def retract(self, record: str) -> None:
        self.run("update anze.duty_record set retracted_at = now(), retracted_by = 'tester', retraction_reason = '误录'"
                 " where id = %s", record)
        self.settle(record)

    def obligations(self, unit: str, duty: str, *, withdrawn: bool = False) -> list[dict]:
        rows = self.run(
            "select to_jsonb(o) from anze.obligation o where o.unit_id = %s and o.duty = %s"
            " and (o.state <> 'withdrawn' or %s) order by o.period_start, o.person_id", unit, duty, withdrawn)
        return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]

    def states(self, unit: str, duty: str) -> dict[str, str]:
        """By the first day of the period."""
        return {o["period_start"]: o["state"] for o in self.obligations(unit, duty)}
