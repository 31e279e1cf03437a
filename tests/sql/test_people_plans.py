"""Lists of people and appointments, and units by their new filters, read an index under every scope."""
import json

import pytest
from psycopg import sql

from harness import tree
from harness.accidents import first_report
from harness.statement import expand

COUNTY, TOWN = "150622", "150622101"
OWN = tree.enterprise(TOWN, 1)
SCOPES = {"scope_province": ("15", {"reach": "region", "region": "15"}),
          "scope_city": ("1506", {"reach": "region", "region": "1506"}),
          "scope_county": (COUNTY, {"reach": "region", "region": COUNTY}),
          "scope_town": (TOWN, {"reach": "region", "region": TOWN}),
          "scope_unit": (OWN.id, {"reach": "unit", "unit": OWN.id})}
ORDERS = {"people/listPeople": ("person", "name"), "people/listAppointments": ("appointment", "begins_on")}


@pytest.fixture(scope="module")
def crowded(cluster, make_database):
    """Five thousand units with two people each, who hold a post one after the other."""
    database = make_database(cluster)
    with database.owner() as owner:
        owner.execute("insert into anze.unit (id, kind, name, code, region_code, sector, risk_class, site_kind)"
                      " select md5(g || r.code)::uuid, 'site', md5(g || r.code), 'S' || g || '-' || r.code, r.code, 'coal', 'red',"
                      " 'mine' from anze.region r, generate_series(1, 700) g where r.level = 'town'")
        owner.execute("insert into anze.person (unit_id, name, region_code, sector, is_body) select u.id, left(md5(n || u.name), 9),"
                      " u.region_code, u.sector, u.is_body from anze.unit u, generate_series(1, 2) n where u.kind = 'site'")
        owner.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                      " select p.id, p.unit_id, 'principal', daterange(date '2020-01-01' + abs(hashtext(p.id::text)) % 2000, null),"
                      " p.region_code, p.sector, p.is_body from anze.person p")
    with database.admin() as admin:
        admin.execute("analyze anze.unit; analyze anze.person; analyze anze.appointment; analyze anze.unit_span")
    return database


def plan(service, statement, values) -> str:
    text, parameters = expand(statement, values)
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (costs off) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("statement", ORDERS)
def test_lists_of_people_and_posts_read_an_index_under_every_scope(crowded, statement, scope, mode):
    table, column = ORDERS[statement]
    value, context = SCOPES[scope]
    with crowded.service(**context) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, statement, {"limit": "20", scope: value})
    assert f"Seq Scan on {table}" not in shown, shown
    if scope in ("scope_city", "scope_county"):
        assert f"{table}_{scope.removeprefix('scope_')}" in shown, shown
        assert f"(ROW({column}, id)" in shown.partition("Index Cond:")[2].partition("\n")[0], shown


@pytest.mark.parametrize("statement, filters", [
    ("people/listPeople", {"unit_id": OWN.id}), ("people/listPeople", {"unit_id": OWN.id, "post": "principal"}),
    ("people/listPeople", {"region": TOWN}), ("people/listPeople", {"qualification": "safety_education"}),
    ("people/listAppointments", {"unit_id": OWN.id}), ("people/listAppointments", {"person_id": OWN.id}),
    ("people/listAppointments", {"unit_id": OWN.id, "post": "principal", "on": "2024-01-01"}),
    ("people/listAppointments", {"post": "party_head", "on": "2024-01-01"}), ("people/listAppointments", {"region": TOWN}),
    *(("units/listUnits", {"sort": "name", "closed": "false", **f}) for f in (
        {}, {"code": "S1-150622101"}, {"group_id": OWN.id}, {"zone_id": OWN.id}, {"site_kind": "mine"}, {"high_risk": "mine"}))])
def test_filtered_lists_read_an_index(crowded, statement, filters):
    with crowded.service(reach="region", region="1506") as service:
        shown = plan(service, statement, {"limit": "20", "scope_city": "1506", **filters})
    for table in ("unit", "person", "appointment"):
        assert f"Seq Scan on {table}" not in shown, shown


def calls_of(service, function: str) -> int:
    row = service.execute("select calls from pg_stat_xact_user_functions where funcname = %s", (function,)).fetchone()
    return row[0] if row else 0


@pytest.mark.parametrize("reach", [{"reach": "unit", "unit": OWN.id}, {"reach": "region", "region": COUNTY}])
def test_filing_an_accident_looks_at_its_own_unit_and_not_at_all_of_them(crowded, reach):
    with crowded.admin() as admin:
        admin.execute(f"alter role anze_service in database {crowded.name} set track_functions = 'all'")
    with crowded.service(**reach, actor="x", scopes="accidents:report accidents:read") as service:
        service.execute("set local plan_cache_mode = force_generic_plan")  # as the service does
        answer = service.execute("select status from anze.file_accident(%s::jsonb)", (json.dumps(first_report()),)).fetchone()
        assert answer[0] == "201"
        assert calls_of(service, "can_see_unit") == 1
