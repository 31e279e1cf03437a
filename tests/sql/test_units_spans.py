"""Spans where the API does not lead: databases from before, writes by the owner, and what nobody may write."""
import re
from pathlib import Path

import psycopg
import pytest

from harness import tree

ROOT = Path(__file__).parents[2]
UNIT = tree.enterprise("150622101", 1).id


def test_units_from_before_the_migration_get_the_span_that_they_would_have(database):
    text = (ROOT / "sql/migrations/0020_hierarchy.sql").read_text(encoding="utf-8")
    statement = re.search(r"^insert into anze\.unit_span .*?;$", text, re.MULTILINE | re.DOTALL)[0]
    compared = "select array_agg(to_jsonb(s) - 'recorded_at' order by s.unit_id) from anze.unit_span s"
    with database.owner() as owner:
        by_trigger = owner.execute(compared).fetchone()[0]
        owner.execute("delete from anze.unit_span")
        owner.execute(statement)
        assert owner.execute(compared).fetchone()[0] == by_trigger and len(by_trigger) == len(tree.UNITS)
        owner.rollback()


def test_a_change_without_a_day_counts_from_today(database):
    with database.owner() as owner:
        owner.execute("update anze.unit set name = '今天改名' where id = %s", (UNIT,))
        spans = owner.execute("select lower(during) = anze.today(), upper_inf(during), name = '今天改名' from anze.unit_span"
                              " where unit_id = %s order by during", (UNIT,)).fetchall()
        owner.rollback()
    assert spans == [(False, False, False), (True, True, True)]


def test_spans_of_a_unit_never_overlap(database):
    with database.owner() as owner, pytest.raises(psycopg.errors.ExclusionViolation):
        owner.execute("insert into anze.unit_span select (s).* from (select s from anze.unit_span s where unit_id = %s) x(s)"
                      " on conflict on constraint unit_span_pkey do nothing", (UNIT,))
        owner.execute("update anze.unit_span set during = daterange(lower(during), '2010-01-01') where unit_id = %s", (UNIT,))
        owner.execute("insert into anze.unit_span (unit_id, during, kind, name, region_code, supervised_sectors, high_risk, is_body)"
                      " values (%s, '[2009-01-01,)', 'enterprise', 'x', '150622101', '{}', '{}', false)", (UNIT,))


@pytest.mark.parametrize("statement", [
    "update anze.unit_span set name = 'x'", "delete from anze.unit_event", "insert into anze.person (unit_id, name) values (null, 'x')",
    "update anze.appointment set post = 'front_line'", "delete from anze.appointment", "update anze.post set is_single = false"])
def test_the_service_writes_history_and_people_by_functions_alone(database, statement):
    with database.service(reach="region", region="15") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement)
