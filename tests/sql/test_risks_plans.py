"""Lists of risk points and major hazard sources, and the map, read an index in their order under every scope."""
import uuid

import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

TOWN, UNIT = "150622101", tree.enterprise("150622101", 1).id
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, "15"),
    "city": ({"reach": "region", "region": "1506"}, "1506"),
    "county": ({"reach": "region", "region": "150622"}, "150622"),
    "town": ({"reach": "region", "region": TOWN}, TOWN),
    "unit": ({"reach": "unit", "unit": UNIT}, UNIT),
}
ZERO = str(uuid.UUID(int=0))
# statement: table, the prefix of its indexes, filters, where a page goes on
LISTS = {
    "listRiskPoints": ("risk_point", "risk_point", {"ended": "false"}, {"after_1": "2", "after_2": ZERO}),
    "getRiskMap": ("risk_point", "risk_point_map", {"precision": "6"}, {}),
    "listMajorHazardSources": ("unit", "unit_source", {}, {"after_1": "罐区", "after_2": ZERO}),
}
MANY = """
    set session_replication_role = origin; -- points get their cells
    alter table anze.risk_point disable trigger audit_record;
    insert into anze.risk_point (id, unit_id, name, place, activity, lon, lat, crs, rank, colour, region_code, sector)
    select gen_random_uuid(), u.id, '顶板', '东翼', '回采', 110 + g % 100 / 100.0, 39, 'WGS84', g % 5,
        (array['red', 'orange', 'yellow', 'blue'])[g % 5 + 1], u.region_code, u.sector
    from anze.unit u, generate_series(1, 600) g where u.kind = 'enterprise';
    set session_replication_role = replica;
    insert into anze.unit (kind, name, region_code, sector, site_kind, accountable_to)
    select 'site', '罐区' || g, u.region_code, u.sector, case when g % 5 = 0 then 'major_hazard_source' else 'other' end, u.id
    from anze.unit u, generate_series(1, 600) g where u.kind = 'enterprise';
"""


@pytest.fixture(scope="module")
def many(cluster, make_database):
    """12,600 points and as many sites over all enterprises of the tree, every fifth site a source."""
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute(MANY)
        admin.execute("analyze anze.risk_point, anze.unit")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("goes_on", [False, True])
# A unit's other lists go over the units that answer to it: few rows, which are sorted.
@pytest.mark.parametrize("name, scope", [(n, s) for n in LISTS for s in SCOPES if s != "unit" or n == "listRiskPoints"])
def test_every_list_is_read_in_the_order_of_its_index(many, name, scope, goes_on, mode):
    table, prefix, filters, after = LISTS[name]
    caller, value = SCOPES[scope]
    text, parameters = expand(f"risks/{name}", {"limit": "20", **filters, f"scope_{scope}": value,
                                                **(after if goes_on else {})})
    with many.service(**caller) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain (format json) execute looked_at ({})").format(
            sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    found = list(nodes(rows[0][0][0]["Plan"]))
    assert f"{prefix}_{scope}" in {n.get("Index Name") for n in found}, found
    # a table of only some hundred sources may be sorted; points may not
    assert table == "unit" or not [n for n in found if n["Node Type"] in ("Sort", "Incremental Sort")], found
    assert not [n for n in found if n["Node Type"] == "Seq Scan" and n["Relation Name"] == table], found
