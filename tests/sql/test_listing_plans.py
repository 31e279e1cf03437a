"""The list of listed cases reads its own index in order under every scope, among many cases of other kinds; so does the
public list."""
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
ZERO = "00000000-0000-0000-0000-000000000000"
# 600 cases of every enterprise, one in ten of them listed, and most of those public.
MANY = """
    insert into anze.case_file (kind, kind_version, state, level, unit_id, title, is_public, is_open, facts, opened_at,
        region_code, sector)
    select case when g % 10 = 0 then 'listed_supervision' else 'hazard' end, 1,
        case when g % 10 = 0 then 'rectifying' else 'ordered' end, 3, u.id, '案件', g % 10 = 0, true,
        '{"published_on": "2026-05-11", "category": "other", "document_number": "x", "due_on": "2026-08-31"}',
        timestamptz '2026-01-01' - g * interval '1 hour', u.region_code, u.sector
    from anze.unit u, generate_series(1, 600) g where u.kind = 'enterprise';
"""


@pytest.fixture(scope="module")
def many(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute("analyze anze.case_file")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("scope", SCOPES)
def test_the_list_is_read_in_the_order_of_its_index(many, scope, goes_on, mode):
    caller, value = SCOPES[scope]
    after = {"after_1": "2025-12-20 00:00:00+00", "after_2": ZERO} if goes_on else {}
    text, parameters = expand("listing/listListedCases", {"limit": "20", f"scope_{scope}": value, **after})
    with many.service(**caller) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain (format json) execute looked_at ({})").format(
            sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    found = list(nodes(rows[0][0][0]["Plan"]))
    assert f"case_file_listed_{scope}" in {n.get("Index Name") for n in found}, found
    if scope == "unit":
        return  # some sixty of its own: in which order they are read does not matter
    assert not [n for n in found if n["Node Type"] in ("Sort", "Incremental Sort", "Bitmap Heap Scan")], found
    if goes_on:
        assert "ROW(opened_at, id)" in next(n["Index Cond"] for n in found if n.get("Index Name") == f"case_file_listed_{scope}")


def test_the_public_list_touches_as_many_rows_as_it_shows(many):
    """Its statement is inside a function: what it read is counted instead of looked at."""
    count = ("select coalesce(sum(idx_tup_fetch), 0)::int from pg_stat_xact_user_tables where relname = 'case_file'")
    with many.admin() as admin, admin.transaction():
        before = admin.execute(count).fetchone()[0]
        items = admin.execute("select items::jsonb from anze.public_listed_cases('infinity', repeat('f', 32)::uuid, null, null, 20)"
                              ).fetchone()[0]
        read = admin.execute(count).fetchone()[0] - before
    assert len(items) == 20 and read <= 30, read
