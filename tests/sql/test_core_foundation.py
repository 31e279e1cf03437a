"""The foundation: scope, the code sets, the law's figures by day, and keyed answers, as the service's own login."""
import itertools
import json
import uuid

import psycopg
import pytest
from psycopg import sql

from harness import tree
from harness.owed import sweep
from harness.statement import expand

COUNTY, TOWN, OTHER_COUNTY = "150622", "150622101", "150621"
BODY_KINDS = {"party_committee", "government", "department", "safety_committee", "safety_office", "township",
              "chemical_park", "agency"}
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def prepared(cluster, make_database):
    """A database whose rules these tests may revise."""
    return make_database(cluster)


def refusal(code: str):
    return pytest.raises(psycopg.Error, check=lambda error: error.sqlstate == code)


def message(raised) -> dict:
    return json.loads(raised.value.diag.message_primary)


def scalar(connection, query, *values):
    return connection.execute(query, values).fetchone()[0]


# ---- scope ----

def region_prefix(code: str) -> str:
    return code if len(code) > 6 else code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def units_of_region(region: str, sectors: set[str] | None = None) -> set[str]:
    return {u.id for u in tree.UNITS.values()
            if u.region_code.startswith(region) and (u.kind in BODY_KINDS or not sectors or u.sector in sectors)
            or u.kind in BODY_KINDS and region.startswith(region_prefix(u.region_code))}


def seen_units(database, **context) -> set[str]:
    with database.service(**context) as service:
        return {str(row[0]) for row in service.execute("select id from anze.unit")}


@pytest.mark.parametrize("region", ["15", "1506", "1501", COUNTY, TOWN])
@pytest.mark.parametrize("sectors", [None, {"coal"}, {"coal", "road_traffic"}])
def test_a_region_sees_its_units_of_its_sectors_and_the_bodies_above(database, region, sectors):
    literal = "{" + ",".join(sorted(sectors)) + "}" if sectors else ""
    seen = seen_units(database, reach="region", region=region, sectors=literal)
    assert seen == units_of_region(region, sectors)
    assert 0 < len(seen) <= len(tree.UNITS)


@pytest.mark.parametrize("town, number", [(TOWN, 1), ("150602001", 2), (tree.FOREIGN_TOWN, 3)])
def test_a_unit_sees_itself_and_the_bodies_that_it_reports_to(database, town, number):
    own = tree.enterprise(town, number)
    seen = seen_units(database, reach="unit", unit=own.id)
    assert seen == {own.id} | {u.id for u in tree.UNITS.values()
                               if u.kind in BODY_KINDS and town.startswith(region_prefix(u.region_code))}
    with database.service(reach="unit", unit=own.id) as service:
        around = {str(row[0]) for row in service.execute("select anze.units_around(%s)", (own.id,))}
    assert around == seen


@pytest.mark.parametrize("context", [
    {}, {"reach": "none"}, {"reach": ""}, {"reach": "region"}, {"reach": "region", "region": ""},
    {"reach": "unit"}, {"reach": "unit", "unit": ""}, {"reach": "unit", "unit": str(uuid.UUID(int=7))},
    {"reach": "galaxy", "region": "15"}, {"reach": "service"}, {"reach": "service", "region": "15"}])
def test_without_a_reach_nothing_is_seen(database, context):
    assert seen_units(database, **context) == set()
    with database.service(**context) as service:
        assert scalar(service, "select anze.can_see('150622101', 'coal', %s)",
                      tree.enterprise(TOWN, 1).id) is False


@pytest.mark.parametrize("context, row, sees", [
    ({"reach": "region", "region": "1506"}, ("150622101", "coal", None), True),
    ({"reach": "region", "region": "1506"}, ("150600", None, None), True),
    ({"reach": "region", "region": "1506"}, ("150100", "coal", None), False),
    ({"reach": "region", "region": "1506"}, (None, "coal", None), False),
    ({"reach": "region", "region": COUNTY}, ("150600", "coal", None), False),
    ({"reach": "region", "region": COUNTY}, ("150621100", "coal", None), False),
    ({"reach": "region", "region": COUNTY, "sectors": "{coal,gas}"}, (TOWN, "gas", None), True),
    ({"reach": "region", "region": COUNTY, "sectors": "{coal,gas}"}, (TOWN, "chemical", None), False),
    ({"reach": "region", "region": COUNTY, "sectors": "{coal,gas}"}, (TOWN, None, None), False),
    ({"reach": "region", "region": COUNTY, "sectors": "{}"}, (TOWN, "chemical", None), True),
    ({"reach": "unit", "unit": str(uuid.UUID(int=1))}, (TOWN, "coal", str(uuid.UUID(int=1))), True),
    ({"reach": "unit", "unit": str(uuid.UUID(int=1))}, (TOWN, "coal", str(uuid.UUID(int=2))), False),
    ({"reach": "unit", "unit": str(uuid.UUID(int=1)), "region": "15"}, (TOWN, "coal", None), False)])
def test_case_data_is_seen_by_region_sector_or_own_unit(database, context, row, sees):
    with database.service(**context) as service:
        assert scalar(service, "select anze.can_see(%s, %s, %s::uuid)", *row) is sees


def test_the_owners_reach_counts_for_the_owner_alone(database):
    question = "select set_config('anze.reach', 'service', true), anze.can_see('150622', 'coal', null)"
    with database.owner() as owner:
        assert owner.execute(question).fetchone()[1] is True
    with database.service() as service:
        assert service.execute(question).fetchone()[1] is False


def test_the_context_ends_with_its_transaction(database):
    with psycopg.connect(database.service_url) as service:
        service.execute("select set_config('anze.reach', 'region', true), set_config('anze.region', '15', true)")
        assert scalar(service, "select count(*) from anze.unit") > 0
        service.commit()
        assert scalar(service, "select count(*) from anze.unit") == 0
        assert scalar(service, "select anze.region()") is None


@pytest.mark.parametrize("statement", [
    "insert into anze.unit (kind, name, region_code) values ('site', 'x', '150622')",
    "update anze.unit set name = 'x'", "delete from anze.unit", "truncate anze.unit",
    "update anze.region set name = 'x'", "delete from anze.rule", "update anze.rule set value = 0",
    "insert into anze.sector (code, title_zh, title_en) values ('x_y', 'x', 'y')",
    "update anze.idempotency_key set body = ''", "delete from anze.idempotency_key",
    "alter table anze.unit disable row level security", "create table anze.mine (id int)"])
def test_the_service_writes_only_what_it_was_granted(database, statement):
    with database.service(reach="region", region="15") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement)


# ---- units and regions ----

@pytest.mark.parametrize("code", ["9144030071526726XG", "91330100799655058B", "914403001922038216",
                                  "91350100M000100Y43"])
def test_the_check_character_of_a_credit_code(database, code):
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    wrong = [code[:i] + c + code[i + 1:] for i in range(18) for c in alphabet if c != code[i]]
    wrong += [code[:17], code + "0", code.lower(), "I" + code[1:], "", "０" * 18]
    with database.service() as service:
        assert scalar(service, "select anze.credit_code_is_valid(%s)", code)
        accepted = service.execute("select c from unnest(%s::text[]) c where anze.credit_code_is_valid(c)",
                                   (sorted(set(wrong) - {code}),)).fetchall()
    assert accepted == []


def test_a_unit_with_a_credit_code_of_no_registry_is_refused(prepared):
    with prepared.owner() as owner, pytest.raises(psycopg.errors.CheckViolation) as raised:
        owner.execute("insert into anze.unit (kind, name, region_code, credit_code)"
                      " values ('enterprise', '甲', '150622', '36150622M000100Y44')")
    assert raised.value.diag.constraint_name == "unit_credit_code_valid"


def test_the_accountability_tree_has_no_cycle(prepared):
    top, middle = tree.body("government", tree.CITY), tree.body("government", COUNTY)
    leaf = tree.enterprise(TOWN, 1)
    for superior in (top, middle, leaf):
        with prepared.owner() as owner, pytest.raises(psycopg.errors.CheckViolation) as raised:
            owner.execute("update anze.unit set accountable_to = %s where id = %s", (superior.id, top.id))
        assert raised.value.diag.constraint_name == "unit_not_its_own_superior"
        assert superior is top or middle.accountable_to == top.id


@pytest.mark.parametrize("code, parts, prefix", [
    ("150000", ("15", None, None, None), "15"), ("150600", ("15", "1506", None, None), "1506"),
    ("150622", ("15", "1506", "150622", None), "150622"),
    ("150622101", ("15", "1506", "150622", "150622101"), "150622101"),
    ("150622101001", ("15", "1506", "150622", "150622101"), "150622101001"),
    ("441900101", ("44", "4419", "441900", "441900101"), "441900101")])
def test_the_parts_of_a_division_code(database, code, parts, prefix):
    with database.service() as service:
        assert service.execute("select anze.province_of(c), anze.city_of(c), anze.county_of(c), anze.town_of(c),"
                               " anze.region_prefix(c) from (values (%s)) v(c)", (code,)).fetchone() == (*parts, prefix)


def test_every_constraint_of_the_foundation_says_what_it_means(database):
    """中文 | English | /pointer: the service answers with these sentences."""
    with database.owner() as owner:
        rows = owner.execute("""
            select c.conname, obj_description(c.oid, 'pg_constraint') from pg_constraint c
            join pg_class t on t.oid = c.conrelid
            where t.relnamespace = 'anze'::regnamespace and c.contype in ('c', 'u', 'f', 'x', 'p')
              and t.relname in ('region', 'sector', 'unit', 'instrument', 'rule', 'accident_category',
                                'idempotency_key')""").fetchall()
    assert len(rows) > 30
    assert [name for name, comment in rows if (comment or "").count("|") != 2] == []


# ---- rules ----

@pytest.fixture
def rule(prepared):
    """A rule of one's own: 2 hours from 2020 on."""
    code = f"TEST.RULE.{next(numbers)}"
    with prepared.owner() as owner:
        ship(owner, code, 1, "2020-01-01", None, 2)
    return code


def ship(owner, code, version, since, until, value) -> None:
    owner.execute("select anze.ship_rule(%s, %s, %s, %s, '规则', 'A rule', %s, 'hour', 'SC-493', '9', 'found')",
                  (code, version, since, until, value))


def revise(service, code, if_match, **body):
    return service.execute("select status, body, etag, location from anze.revise_rule(%s, %s, %s::jsonb)",
                           (code, if_match, json.dumps(body))).fetchone()


def test_versions_of_a_rule_never_overlap(prepared, rule):
    with prepared.owner() as owner, pytest.raises(psycopg.errors.ExclusionViolation) as raised:
        ship(owner, rule, 2, "2026-01-01", None, 1)
    assert raised.value.diag.constraint_name == "rule_one_in_force"


def test_a_revision_counts_from_its_day_and_leaves_the_past(prepared, rule):
    with prepared.service(actor="administrator-1") as service:
        status, body, etag, location = revise(service, rule, "1", value=1, in_force_from="2026-07-01", reason="新规定")
        on = "select (anze.rule_on(%s, %s)).version, anze.rule_value(%s, %s)"
        assert service.execute(on, (rule, "2026-06-30", rule, "2026-06-30")).fetchone() == (1, 2)
        assert service.execute(on, (rule, "2026-07-01", rule, "2026-07-01")).fetchone() == (2, 1)
    assert (status, etag, location) == ("201", "2", f"/v1/rules/{rule}")
    versions = json.loads(body)["versions"]
    assert [v["version"] for v in versions] == [2, 1]
    assert versions[1]["in_force_until"] == "2026-06-30" and "in_force_until" not in versions[0]
    assert versions[0]["origin"] == "administrator" and versions[0]["reason"] == "新规定"


def test_a_revision_of_a_version_that_is_not_current_is_refused_with_the_current_one(prepared, rule):
    with prepared.service() as service, refusal("AZ412") as raised:
        revise(service, rule, "3", value=1, in_force_from="2026-07-01", reason="新规定")
    assert message(raised) == {"etag": "1"}


def test_a_revision_of_no_rule_is_not_found(prepared):
    with prepared.service() as service, refusal("AZ404"):
        revise(service, "TEST.NOTHING", "1", value=1, in_force_from="2026-07-01", reason="新规定")


def test_all_faults_of_a_revision_come_together(prepared, rule):
    with prepared.service() as service, refusal("AZ422") as raised:
        revise(service, rule, "1", value=1, in_force_from="2020-01-01", reason="新规定", instrument="NO-SUCH")
    assert {(f["pointer"], f["rule"]) for f in message(raised)["faults"]} == {
        ("/in_force_from", "not-after-running-version"), ("/instrument", "unknown-reference")}
    assert all(f["zh"] and f["en"] for f in message(raised)["faults"])


def test_shipping_updates_its_own_figures_and_never_an_administrators(prepared, rule):
    with prepared.owner() as owner:
        ship(owner, rule, 1, "2020-01-01", None, 3)
        assert scalar(owner, "select anze.rule_value(%s, '2026-01-01')", rule) == 3
    with prepared.service() as service:
        revise(service, rule, "1", value=1, in_force_from="2026-07-01", reason="新规定")
        service.commit()
    with prepared.owner() as owner:
        before = owner.execute("select * from anze.rule where code = %s order by version", (rule,)).fetchall()
        ship(owner, rule, 1, "2020-01-01", "2026-08-01", 4)
        ship(owner, rule, 2, "2026-08-01", None, 5)
        assert owner.execute("select * from anze.rule where code = %s order by version", (rule,)).fetchall() == before


def test_a_day_before_every_version_refuses_and_an_unknown_rule_is_our_mistake(prepared, rule):
    with prepared.service() as service, refusal("AZ422") as raised:
        service.execute("select anze.rule_value(%s, '2019-12-31')", (rule,))
    assert message(raised)["faults"][0]["rule"] == "no-rule-in-force"
    with prepared.service() as service, pytest.raises(psycopg.errors.NoDataFound):
        service.execute("select anze.rule_value('TEST.NOTHING', '2026-01-01')")


def test_the_categories_change_standard_on_the_first_of_july_2026(database):
    with database.service() as service:
        count = "select min(standard), count(*), count(distinct standard) from anze.accident_category where in_force @> %s::date"
        assert service.execute(count, ("2026-06-30",)).fetchone() == ("GB/T 6441-1986", 20, 1)
        assert service.execute(count, ("2026-07-01",)).fetchone() == ("GB 6441-2025", 27, 1)


def test_the_laws_days_are_counted_in_china(database):
    with database.service() as service:
        assert str(scalar(service, "select anze.day_of('2026-06-30T15:59:59Z')")) == "2026-06-30"
        assert str(scalar(service, "select anze.day_of('2026-06-30T16:00:00Z')")) == "2026-07-01"


# ---- keyed answers ----

def keyed(database, actor="a", operation="fileAccident"):
    return database.service(actor=actor, operation=operation)


def claim(service, key, digest="h1"):
    service.execute("select anze.claim_key(%s, %s)", (key, digest))


def keep(service, key, digest="h1"):
    service.execute("insert into anze.idempotency_key (actor, operation, key, request_hash, status, etag, location, body)"
                    " values (anze.actor(), anze.operation(), %s, %s, '201', '1', '/x', '{}')", (key, digest))


@pytest.fixture
def kept_key(prepared):
    """A key under which actor a filed something before."""
    key = f"key-{next(numbers)}"
    with keyed(prepared) as service:
        claim(service, key)
        keep(service, key)
        service.commit()
    return key


def test_a_key_is_claimed_once_and_its_repeat_is_recognised(prepared, kept_key):
    with keyed(prepared) as service, refusal("AZ001"):
        claim(service, kept_key)


@pytest.mark.parametrize("operation, digest", [("fileAccident", "h2"), ("correctAccident", "h1")])
def test_a_key_is_refused_for_another_request(prepared, kept_key, operation, digest):
    with keyed(prepared, operation=operation) as service, refusal("AZ002"):
        claim(service, kept_key, digest)


def test_a_key_at_work_is_refused_until_its_request_ends(prepared):
    key = f"key-{next(numbers)}"
    with keyed(prepared) as first:
        claim(first, key)
        with keyed(prepared) as second, refusal("AZ003"):
            claim(second, key)
        with keyed(prepared, actor="b") as other:
            claim(other, key)
    with keyed(prepared) as third:
        claim(third, key)


def test_keys_belong_to_their_caller(prepared, kept_key):
    with keyed(prepared, actor="b") as other:
        claim(other, kept_key, "h2")
        assert scalar(other, "select count(*) from anze.idempotency_key") == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("insert into anze.idempotency_key (actor, operation, key, request_hash) values"
                          " ('a', 'x', 'stolen', 'h')")


def test_old_keys_of_every_caller_are_forgotten_and_young_ones_kept(prepared, kept_key):
    with prepared.owner() as owner:
        owner.execute("select set_config('anze.reach', 'service', true)")
        owner.execute("update anze.idempotency_key set created_at = now() - interval '1 hour'")
        for actor, age in (("old-1", "49 hours"), ("old-2", "50 hours"), ("young", "47 hours")):
            owner.execute("select set_config('anze.actor', %s, true)", (actor,))
            owner.execute("insert into anze.idempotency_key (actor, operation, key, request_hash, created_at)"
                          " values (anze.actor(), 'x', 'k', 'h', now() - %s::interval)", (age,))
    with prepared.owner() as sweeper:  # as anze.sweep calls it
        sweeper.execute("select set_config('anze.reach', 'none', true)")
        assert scalar(sweeper, "select anze.forget_keys(1)") == 1
        assert scalar(sweeper, "select anze.forget_keys(100)") == 1
        assert scalar(sweeper, "select anze.forget_keys(100)") == 0
        assert scalar(sweeper, "select anze.reach()") == "none"
    with keyed(prepared) as service, refusal("AZ001"):
        claim(service, kept_key)


def test_the_sweep_forgets_old_keys_and_says_what_it_did(prepared, kept_key):
    ages = "update anze.idempotency_key set created_at = now() - interval '49 hours' where key = %s"
    with prepared.owner() as owner:
        sweep(owner)
        owner.execute("select set_config('anze.reach', 'service', true)")
        owner.execute(ages, (kept_key,))
        owner.commit()
        assert sweep(owner) == 1
    with prepared.admin() as admin:
        assert scalar(admin, "select count(*) from anze.idempotency_key where key = %s", kept_key) == 0


# ---- plans ----

@pytest.fixture(scope="module")
def crowded(prepared):
    """Some thousand units more, so that a scan of all of them would show."""
    with prepared.owner() as owner:
        owner.execute("insert into anze.unit (kind, name, region_code, sector, accountable_to)"
                      " select 'enterprise', md5(g || r.code), r.code, 'coal', %s from anze.region r,"
                      " generate_series(1, 800) g where r.level = 'town'", (tree.body("government", COUNTY).id,))
    with prepared.admin() as admin:
        admin.execute("analyze anze.unit")
    return prepared


SCOPES = {"scope_province": ("15", {"reach": "region", "region": "15"}),
          "scope_city": ("1506", {"reach": "region", "region": "1506"}),
          "scope_county": (COUNTY, {"reach": "region", "region": COUNTY}),
          "scope_town": (TOWN, {"reach": "region", "region": TOWN}),
          "scope_unit": (tree.enterprise(TOWN, 1).id, {"reach": "unit", "unit": tree.enterprise(TOWN, 1).id})}


def plan(service, statement, values) -> str:
    text, parameters = expand(statement, values)
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (costs off) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("sort", ["name", "-updated_at"])
@pytest.mark.parametrize("scope", SCOPES)
def test_lists_of_units_read_an_index_under_every_scope(crowded, scope, sort, mode):
    value, context = SCOPES[scope]
    with crowded.service(**context) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, "units/listUnits", {"limit": "20", "sort": sort, scope: value})
    assert "Seq Scan on unit" not in shown
    if scope in ("scope_city", "scope_county"):
        column = sort.removeprefix("-")
        assert f"unit_{scope.removeprefix('scope_')}_{column.removesuffix('_at')}" in shown, shown
        assert "Sort" not in shown and f"(ROW({column}, id)" in shown.partition("Index Cond:")[2].partition("\n")[0], shown


@pytest.mark.parametrize("filters", [
    {"kind": "government"}, {"accountable_to": tree.body("government", tree.CITY).id},
    {"credit_code": "91350100M000100Y43"}, {"region": TOWN}])
def test_filtered_lists_of_units_read_an_index(crowded, filters):
    with crowded.service(reach="region", region="1506") as service:
        shown = plan(service, "units/listUnits", {"limit": "20", "sort": "name", "scope_city": "1506", **filters})
    assert "Seq Scan on unit" not in shown, shown


def test_pages_of_units_join_without_gap_or_repeat(crowded):
    wanted, context = SCOPES["scope_county"]
    for sort in ("name", "-updated_at"):
        values, seen = {"limit": "150", "sort": sort, "scope_county": wanted}, []
        with crowded.service(**context) as service:
            total = scalar(service, "select count(*) from anze.unit where county = %s", wanted)
            while True:
                text, parameters = expand("units/listUnits", values)
                query = sql.SQL(text.replace("{", "{{").replace("}", "}}"))
                service.execute(sql.SQL("prepare page as {}").format(query))
                items, following = service.execute(sql.SQL("execute page ({})").format(
                    sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchone()
                service.execute("deallocate page")
                seen += [item["id"] for item in json.loads(items)]
                if following is None:
                    break
                values["after_1"], values["after_2"] = json.loads(following)
        assert len(seen) == len(set(seen)) == total
