"""Evidence files in the database: who sees a file, and how lists and chunks are read."""
import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

OWN = tree.enterprise("150622101", 1).id
OFFICE = tree.body("coal", "150622").id
STRANGER = tree.enterprise("150622101", 2)
OFFICER = {"reach": "region", "region": "150621", "sectors": "{coal}", "unit": OFFICE}


@pytest.fixture(scope="module")
def crowded(cluster, make_database):
    """Some hundred files of every unit, one of them with a chunk."""
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("insert into anze.file (id, unit_id, region_code, sector, name, size, sha256, media_type, chunk_size,"
                      " content_id, actor, created_at)"
                      " select i.id, u.id, u.region_code, u.sector, 'a.png', 1, repeat('0', 64), 'image/png', 524288, i.id,"
                      " 'x', now() - random() * interval '300 days' from anze.unit u, generate_series(1, 300) g,"
                      " lateral (select gen_random_uuid() id where g > 0 and u.id is not null) i")
        admin.execute("insert into anze.file_chunk (content_id, number, data) select id, 0, 'x' from anze.file")
        admin.execute("analyze anze.file, anze.file_chunk")
    return database


def plan(service, statement: str, values: dict) -> str:
    text, parameters = expand(statement, values)
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (analyze, costs off, timing off, summary off) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return "\n".join(row[0] for row in rows if "never executed" not in row[0])


SCOPES = {
    "province": ({"scope_province": "15"}, {"reach": "region", "region": "15"}),
    "city": ({"scope_city": "1506"}, {"reach": "region", "region": "1506"}),
    "county": ({"scope_county": "150622"}, {"reach": "region", "region": "150622"}),
    "town": ({"scope_town": "150622101"}, {"reach": "region", "region": "150622101"}),
    "unit": ({"scope_unit": OWN, "unit": OWN}, {"reach": "unit", "unit": OWN}),
}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("level", SCOPES)
def test_a_list_of_files_reads_an_index_in_its_order_under_every_scope(crowded, level, mode):
    values, context = SCOPES[level]
    with crowded.service(**context) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, "files/listFiles", {"limit": "20", **values})
    # a scope that holds nearly all may be read by another index; never by a scan and a sort of all
    assert "Seq Scan on file" not in shown and "top-N" not in shown, shown
    if level in ("city", "county", "unit"):
        read = shown.partition(f"file_{level}_created on file f_1 (actual rows=")[2]
        assert read.startswith("21 "), shown
        assert "(ROW(created_at, id)" in read.partition("Index Cond:")[2].partition("\n")[0], shown


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_an_office_reads_its_own_files_beside_its_scope_by_an_index_too(crowded, mode):
    with crowded.service(**OFFICER) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, "files/listFiles", {"limit": "20", "scope_county": "150621", "scope_sector": "coal",
                                                  "unit": OFFICE})
    assert "file_county_created on file f_1" in shown and "file_unit_created on file f_2" in shown, shown
    assert "Seq Scan on file" not in shown and "top-N" not in shown and "Merge Append" in shown, shown


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_a_chunk_is_read_from_one_partition(crowded, mode):
    file = crowded.value("select id from anze.file where unit_id = %s limit 1", OWN)
    with crowded.service(reach="unit", unit=OWN) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, "files/readFileChunk", {"file_id": str(file), "chunk": "0"})
    read = [line for line in shown.split("\n") if "on file_chunk" in line]
    assert len(read) == 1 and "Index Scan" in read[0], shown


@pytest.mark.parametrize("context,row,sees", [
    (OFFICER, ("150621100", "coal", OWN), True), (OFFICER, ("150622", None, OFFICE), True),
    (OFFICER, ("150622", None, OWN), False), (OFFICER, ("150621100", "road_traffic", OWN), False),
    ({"reach": "unit", "unit": OWN}, ("150622101", "coal", OWN), True), ({"reach": "unit", "unit": OWN}, ("150622101", "coal", OFFICE), False),
    ({"reach": "none", "unit": OWN}, ("150622101", "coal", OWN), False), ({"unit": OWN}, ("150622101", "coal", OWN), False),
    ({"reach": "region", "region": "1506"}, ("150100", None, None), False), ({"reach": "service", "unit": OWN}, ("1506", None, OWN), False)])
def test_what_a_unit_made_is_seen_by_its_region_and_by_the_unit_itself(database, context, row, sees):
    with database.service(**context) as service:
        assert service.execute("select anze.can_see_of_unit(%s, %s, %s::uuid)", row).fetchone()[0] is sees


def test_bytes_are_seen_with_their_file_alone_and_digests_by_nobody(crowded):
    total = crowded.value("select count(*) from anze.file where unit_id = %s", OWN)
    with crowded.service(reach="unit", unit=OWN) as service:
        assert service.execute("select count(*) from anze.file_chunk").fetchone()[0] == total
    for context in ({"reach": "none"}, {"reach": "service"}, {"reach": "region", "region": "1501", "unit": ""}):
        with crowded.service(**context) as service:
            seen = {row[0] for row in service.execute("select distinct left(f.region_code, 4) from anze.file_chunk c"
                                                      " join anze.file f on f.id = c.content_id")}
            assert seen <= {"1501"}
    for statement in ("select from anze.file_content", "select from anze.file_chunk_0", "update anze.file set state = 'complete'",
                      "delete from anze.file_chunk", "insert into anze.file_chunk (content_id, number, data) values"
                      " (gen_random_uuid(), 0, 'x')"):
        with crowded.service(reach="region", region="15") as service, pytest.raises(Exception, match="permission denied"):
            service.execute(statement)


# Through what it is evidence of -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def used(crowded):
    """Ten thousand cases of another unit, each with a file of one office as its paper; and that office's files."""
    with crowded.admin() as admin:
        admin.execute("insert into anze.case_file (kind, kind_version, state, level, unit_id, title, region_code, sector)"
                      " select k.code, k.version, k.initial_state, 2, %s, '案件', %s, %s from anze.case_kind k, generate_series(1, 10000)"
                      " where k.code = 'hazard' and k.in_force @> anze.today()",
                      (STRANGER.id, STRANGER.region_code, STRANGER.sector))
        admin.execute("insert into anze.file_use (file_id, subject, subject_id) select f.ids[1 + c.number %% 150], 'case', c.id from"
                      " (select id, row_number() over () as number from anze.case_file) c,"
                      " (select array_agg(id) as ids from anze.file where unit_id = %s) f", (OFFICE,))
        admin.execute("update anze.file set state = 'complete', completed_at = now() where unit_id = %s", (OFFICE,))
        admin.execute("analyze anze.file_use, anze.case_file")
    return crowded


def reads(service, *tables: str) -> dict[str, tuple[int, int]]:
    """Of this transaction: by table, how many whole scans and how many look-ups by an index."""
    return {row[0]: row[1:] for row in service.execute(
        "select relname, coalesce(seq_scan, 0), coalesce(idx_scan, 0) from pg_stat_xact_user_tables where relname = any (%s)",
        (list(tables),))}


def read_file(service, file: str, mode: str) -> int:
    service.execute(f"set local plan_cache_mode = {mode}")
    text, parameters = expand("files/getFile", {"file_id": file})
    service.execute(f"prepare asked as {text}")
    return len(service.execute(sql.SQL("execute asked ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall())


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_a_file_that_is_seen_through_a_case_is_found_by_one_look_at_its_uses_and_no_scan(used, mode):
    file = str(used.value("select file_id from anze.file_use limit 1"))
    with used.service(reach="unit", unit=STRANGER.id) as service:
        assert read_file(service, file, mode) == 1
        found = reads(service, "file", "file_use", "case_file")
    assert found["file"] == (0, 1) and found["file_use"] == (0, 1), found
    assert found["case_file"] == (0, 1), "the first case that is seen is enough"


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_a_file_that_is_seen_as_its_units_is_not_asked_for_its_uses(used, mode):
    file = str(used.value("select file_id from anze.file_use limit 1"))
    with used.service(reach="region", region="150622") as service:
        assert read_file(service, file, mode) == 1
        assert reads(service, "file_use").get("file_use", (0, 0)) == (0, 0)


@pytest.mark.parametrize("context", [
    {"reach": "unit", "unit": OWN}, {"reach": "region", "region": "150621"}, {"reach": "none", "unit": STRANGER.id},
    {"reach": "service", "unit": STRANGER.id}, {"unit": STRANGER.id}, {}])
def test_uses_show_a_file_to_who_sees_the_case_and_to_nobody_else(used, context):
    file = str(used.value("select file_id from anze.file_use limit 1"))
    with used.service(reach="unit", unit=STRANGER.id) as service:
        assert service.execute("select anze.sees_use_of_file(%s)", (file,)).fetchone()[0] is True
    with used.service(**context) as service:
        assert service.execute("select anze.sees_use_of_file(%s)", (file,)).fetchone()[0] is False
        assert service.execute("select count(*) from anze.file_chunk where content_id = %s", (file,)).fetchone()[0] == 0


@pytest.mark.parametrize("context", [{"reach": "unit", "unit": OWN}, {"reach": "region", "region": "150622"}])
def test_which_files_are_used_where_is_told_to_nobody(used, context):
    with used.service(**context) as service, pytest.raises(Exception, match="permission denied"):
        service.execute("select from anze.file_use")


def test_within_the_owners_functions_a_file_is_seen_by_the_callers_reach_too(used):
    """There the policies of cases show every case."""
    file = str(used.value("select file_id from anze.file_use limit 1"))
    for unit, faults in ((STRANGER.id, []), (OWN, ["unknown-reference"])):
        with used.owner() as owner:
            owner.execute("select set_config('anze.reach', 'unit', true), set_config('anze.unit', %s, true)", (unit,))
            found = owner.execute("select anze.files_faults(array[%s]::uuid[], '/evidence')", (file,)).fetchone()[0]
        assert [f["rule"] for f in found] == faults
