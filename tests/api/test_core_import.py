"""anze import: regions, units, people and appointments from files; all or nothing, or a report of each refused row."""
import csv
import io
import itertools
import json
import re
import sys
from pathlib import Path

import pytest

from harness import tree
from harness.credit_code import credit_code

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bench"))
import people  # noqa: E402

TOWN, COUNTY = "150622101", "150622"
numbers = itertools.count(1)
COUNTS = re.compile(r"(\d+) (\w+): (\d+) added, (\d+) changed, (\d+) unchanged, (\d+) refused; [\d.]+ s, \d+ rows/s\n")


@pytest.fixture(scope="module")
def prepared(cluster, make_database):
    return make_database(cluster)


@pytest.fixture
def load(prepared, tmp_path):
    """load(kind, rows or text or bytes, *options) -> what the command did; a list of dicts becomes CSV or, asked so,
    NDJSON."""
    def run(kind: str, content, *options: str, name: str = "rows.csv") -> "Done":
        path = tmp_path / f"{next(numbers)}-{name}"
        if isinstance(content, list):
            content = as_ndjson(content) if name.endswith("ndjson") else as_csv(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Done(prepared.anze("import", kind, str(path), *options))
    return run


class Done:
    def __init__(self, done) -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
        counts = COUNTS.fullmatch(self.out)
        self.counts = tuple(int(n) for n in counts.groups()[2:]) if counts else None
        begin = self.err.find("line,column,reason,row\n")
        self.refused = refusals(self.err[begin:]) if begin >= 0 else []


def refusals(text: str) -> list[tuple[int, str, str]]:
    """Line, column, English sentence of a report."""
    return [(int(row[0]), row[1], row[2].split(" | ")[1]) for row in list(csv.reader(io.StringIO(text)))[1:]
            if len(row) == 4]


def as_csv(rows: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(k for row in rows for k in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_ndjson(rows: list[dict]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def unit(**more) -> dict:
    n = next(numbers)
    return {"code": f"t.{n}", "kind": "enterprise", "name": f"第{n}示例公司", "region_code": TOWN, **more}


def stored(prepared, code: str) -> dict:
    return prepared.value("select to_jsonb(u) from anze.unit u where code = %s", code)


# ---- regions ----

def test_regions_are_added_renamed_and_counted_in_any_order(prepared, load):
    rows = [{"name": "新村", "code": "150622999001", "parent": "150622999"},
            {"name": "新镇", "code": "150622999", "parent": COUNTY}]
    assert load("regions", rows).counts == (2, 0, 0, 0)
    rows[1]["name"] = "改名镇"
    assert load("regions", rows).counts == (0, 1, 1, 0)
    assert prepared.value("select (name, level, version)::text from anze.region where code = '150622999'"
                          ) == "(改名镇,town,2)"


def test_each_refused_region_is_named_by_its_line(load):
    done = load("regions", "code,name,parent\n15x,甲,150622\n150622998,,150622\n150622997001,乙,150622997\n"
                           "150623,丙,\n150622996,丁,150621\n150622995,戊,150622\n150622995,己,150622\nx,y\n")
    assert done.status == 1 and "7 of 8 rows were refused, nothing was written" in done.err
    assert [(line, column) for line, column, _ in done.refused] == [
        (2, "code"), (2, "parent"), (3, "name"), (4, "parent"), (5, "parent"), (6, "parent"), (8, "code"), (9, "")]


def periods(prepared, code: str) -> list[list]:
    return prepared.value("select json_agg(json_build_array(name, lower(in_force)::text, upper(in_force)::text) order by in_force)"
                          " from anze.region_span where code = %s", code)


def test_a_code_holds_from_a_day_until_a_day_and_is_given_out_again(prepared, load):
    code = "150622940"
    rows = [{"code": code, "name": "旧乡", "parent": COUNTY, "from": "", "until": "2001-07-01"},
            {"code": code, "name": "新镇", "parent": COUNTY, "from": "2016-05-17", "until": ""}]
    assert load("regions", rows).counts == (2, 0, 0, 0)
    expected = [["旧乡", None, "2001-07-01"], ["新镇", "2016-05-17", None]]
    assert periods(prepared, code) == expected
    assert load("regions", rows[::-1]).counts == (0, 0, 2, 0)
    assert prepared.value("select name from anze.region where code = %s", code) == "新镇"
    rows[0]["until"] = "2002-01-01"
    assert load("regions", rows).counts == (0, 1, 1, 0)
    assert periods(prepared, code)[0] == ["旧乡", None, "2002-01-01"]
    rows[0]["until"] = "2016-05-18"
    assert load("regions", rows).refused == [(3, "code", "Repeats line 2.")]
    assert load("regions", [{**rows[0], "until": "2015-01-01", "from": "2015-01-01"}]).refused[0][1] == "until"


def test_a_code_that_is_withdrawn_keeps_its_name_and_ends(prepared, load):
    assert load("regions", [{"code": "150622941", "name": "甲镇", "parent": COUNTY}]).counts == (1, 0, 0, 0)
    done = load("regions", [{"code": "150622941", "name": "甲镇", "parent": COUNTY, "until": "2016-05-17"}])
    assert done.counts == (0, 1, 0, 0)
    assert periods(prepared, "150622941") == [["甲镇", None, "2016-05-17"]]


def test_levels_padded_with_zeros_are_levels_and_no_villages(prepared, load):
    before = prepared.value("select count(*) from anze.region")
    done = load("regions", [{"code": "150600000000", "name": "鄂尔多斯市", "parent": "150000000000"},
                            {"code": "150622000000", "name": "准格尔旗", "parent": "150600000000"},
                            {"code": "150622942000", "name": "乙镇", "parent": "150622000000"},
                            {"code": "150622942001", "name": "丙村", "parent": "150622942000"}])
    assert done.refused == [] and done.counts[0] == 2
    assert prepared.value("select count(*) from anze.region") == before + 2
    assert prepared.value("select (parent_code, level)::text from anze.region where code = '150622942001'"
                          ) == "(150622942,village)"
    assert prepared.value("select (parent_code, level)::text from anze.region where code = '150622942'") == "(150622,town)"


def test_a_city_that_is_its_own_parent_has_its_towns_and_direct_counties_belong_to_the_province(prepared, load):
    done = load("regions", "code,name,parent\n441900,东莞市,440000\n441900,东莞市,441900\n441900003,东城街道,441900\n"
                           "442000,中山市,442000\n442000001,石岐街道,442000\n"
                           "419000,省直辖县级行政区划,410000\n419001,济源市,419000\n")
    assert done.refused == []
    parents = "select coalesce(parent_code, '') || level from anze.region where code = %s"
    assert prepared.value(parents, "441900") == "440000city" and prepared.value(parents, "442000") == "440000city"
    assert prepared.value(parents, "441900003") == "441900town" and prepared.value(parents, "442000001") == "442000town"
    assert prepared.value(parents, "419001") == "410000county"
    assert prepared.value("select count(*) from anze.region where code = '419000'") == 0


def test_a_unit_sits_in_a_region_that_holds_on_the_day(prepared, load):
    load("regions", [{"code": "150622943", "name": "丁镇", "parent": COUNTY, "until": "2016-05-17"}])
    assert load("units", [unit(region_code="150622943", opened_on="2012-01-01")]).counts == (1, 0, 0, 0)
    done = load("units", [unit(region_code="150622943", opened_on="2020-01-01")])
    (line, column, why), = done.refused
    assert (line, column) == (2, "region_code") and why.endswith("it holds until 2016-05-16.")


# ---- units ----

def test_a_code_with_a_wrong_check_character_is_taken(prepared, load):
    row = unit(credit_code="91350203M0001QKT19")
    assert load("units", [row]).counts == (1, 0, 0, 0)
    assert stored(prepared, row["code"])["credit_code"] == "91350203M0001QKT19"


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.ndjson"])
def test_a_file_in_another_encoding_is_refused_whole_before_its_first_row(prepared, load, encoding, name):
    rows = [unit(name="泰通"), unit(name="鄂尔多斯市准格尔旗煤矿有限公司")]
    text = as_csv(rows) if name.endswith("csv") else as_ndjson(rows)
    done = load("units", text.encode(encoding), "--partial", name=name)
    assert done.status == 1 and "save it as UTF-8" in done.err and done.refused == []
    assert prepared.value("select count(*) from anze.unit where code = any (%s)", [row["code"] for row in rows]) == 0


def test_units_refer_to_each_other_in_any_order_by_code_or_credit_code(prepared, load):
    group, zone = unit(kind="enterprise_group"), unit(kind="management_zone")
    superior = unit(kind="township", code="", credit_code=credit_code(next(numbers), authority="11"))
    first = unit(accountable_to=superior["credit_code"], group=group["code"], zone=zone["code"])
    site = unit(kind="site", site_kind="mine", accountable_to=first["code"])
    assert load("units", [site, first, superior, zone, group]).counts == (5, 0, 0, 0)
    written = stored(prepared, first["code"])
    assert written["group_id"] == stored(prepared, group["code"])["id"]
    assert written["zone_id"] == stored(prepared, zone["code"])["id"]
    assert stored(prepared, site["code"])["accountable_to"] == written["id"]
    assert written["accountable_to"] == str(prepared.value("select id from anze.unit where credit_code = %s",
                                                           superior["credit_code"]))


def test_a_unit_answers_to_one_that_was_there(prepared, load):
    there = tree.enterprise(TOWN, 1)
    row = unit(kind="site", accountable_to=there.credit_code)
    assert load("units", [row]).counts == (1, 0, 0, 0)
    assert stored(prepared, row["code"])["accountable_to"] == there.id


def test_importing_again_changes_nothing_and_a_changed_row_changes_one(prepared, load):
    rows = [unit(risk_class="red", high_risk="mine;fireworks") for _ in range(3)]
    assert load("units", rows).counts == (3, 0, 0, 0)
    assert load("units", rows).counts == (0, 0, 3, 0)
    rows[1]["name"] = "改名公司"
    assert load("units", rows).counts == (0, 1, 2, 0)
    written = stored(prepared, rows[1]["code"])
    assert (written["name"], written["version"], written["high_risk"]) == ("改名公司", 2, ["mine", "fireworks"])


def test_a_column_that_is_not_given_stays_and_an_empty_one_is_cleared(prepared, load):
    row = unit(risk_class="red", sector="coal")
    assert load("units", [row]).counts == (1, 0, 0, 0)
    del row["risk_class"]
    row["sector"] = ""
    assert load("units", [row]).counts == (0, 1, 0, 0)
    written = stored(prepared, row["code"])
    assert (written["risk_class"], written["sector"]) == ("red", None)


def test_csv_and_ndjson_mean_the_same(prepared, load):
    rows = [unit(high_risk="mine;fireworks", sector="coal", risk_class=""), unit(opened_on="2010-05-01")]
    assert load("units", rows).counts == (2, 0, 0, 0)
    for row in rows:
        row.update({k: v.split(";") if ";" in v else v or None for k, v in row.items()})
    assert load("units", rows, name="rows.ndjson").counts == (0, 0, 2, 0)
    assert load("units", as_ndjson(rows), "--format", "ndjson", name="rows.txt").counts == (0, 0, 2, 0)


def test_a_unit_that_was_registered_without_a_code_takes_the_one_of_its_credit_code(prepared, load):
    there = tree.enterprise(TOWN, 2)
    row = unit(credit_code=there.credit_code, accountable_to=None)
    del row["accountable_to"]
    assert load("units", [row]).counts == (0, 1, 0, 0)
    assert stored(prepared, row["code"])["id"] == there.id
    other = unit(credit_code=there.credit_code)
    assert load("units", [other]).refused == [(2, "credit_code", "Another unit has this unified social credit code.")]


def circle(*, length: int) -> list[dict]:
    rows = [unit() for _ in range(length)]
    for row, above in zip(rows, rows[1:] + rows[:1]):
        row["accountable_to"] = above["code"]
    return rows


REFUSED_UNITS = {
    "no key": ({"code": ""}, "code", "A unit has a code or a credit code."),
    "form of the code": ({"code": "甲"}, "code", "A unit code has 1 to 64 letters, digits or . _ : -."),
    "person": ({"credit_code": "369999190002300738"}, "credit_code",
               "This looks like a number of a person, which is no unified social credit code."),
    "registry": ({"credit_code": "94150622MA0000001A"}, "credit_code", "No unified social credit code: its registry, its kind of"
                 " body or its division does not exist."),
    "kind": ({"kind": "company"}, "kind", "The kind of unit is not in the code set."),
    "region": ({"region_code": "150622777"}, "region_code", "The division code does not exist."),
    "sector": ({"sector": "magic"}, "sector", "The sector does not exist."),
    "supervised sectors": ({"kind": "department", "supervision_role": "sector", "supervised_sectors": "coal;magic"},
                           "supervised_sectors", "There is no such sector."),
    "superior": ({"accountable_to": "nobody"}, "accountable_to", "There is no such unit."),
    "group of another kind": ({"group": tree.enterprise(TOWN, 1).credit_code}, "group",
                              "That unit is not a group, or not a zone."),
    "lifetime": ({"opened_on": "2020-01-01", "closed_on": "2020-01-01"}, "closed_on", "A unit closes after it opened."),
    "day": ({"opened_on": "2020-02-30"}, "opened_on", "It must be a date that exists, such as 2026-02-28."),
    "future": ({"effective_on": "2190-01-01"}, "effective_on", "The day cannot be in the future."),
    "long name": ({"name": "长" * 201}, "name", "A name has 1 to 200 characters."),
    "very long name": ({"name": "长" * 3000}, "name", "It is longer than 8000 bytes."),
    "bidi": ({"name": "甲\u202e乙"}, "name", "It must be one line of text without control or invisible characters."),
    "line feed": ({"name": "甲\n乙"}, "name", "It must be one line of text without control or invisible characters."),
    "blank": ({"name": "甲 "}, "name", "It begins or ends with a blank."),
    "no name": ({"name": ""}, "name", "It must be given."),
}


@pytest.mark.parametrize("case", REFUSED_UNITS)
@pytest.mark.parametrize("name", ["rows.csv", "rows.ndjson"])
def test_each_refused_unit_is_named_by_line_and_column_and_nothing_is_written(prepared, load, case, name):
    change, column, sentence = REFUSED_UNITS[case]
    good, bad = unit(), unit(**change)
    done = load("units", [good, bad], name=name)
    line = 3 if name == "rows.csv" else 2
    assert done.status == 1
    assert done.refused[0][:2] == (line, column)
    assert sentence in [text for _, _, text in done.refused]
    assert {refusal[0] for refusal in done.refused} == {line}
    assert stored(prepared, good["code"]) is None


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_circle_of_superiors_is_refused(prepared, load, length):
    rows = circle(length=length)
    below = unit(accountable_to=rows[0]["code"])
    done = load("units", [unit(), below, *rows], "--partial")
    assert done.status == 3 and done.counts == (1, 0, 0, length + 1)
    assert {column for _, column, _ in done.refused} == {"accountable_to"}


def test_a_circle_with_units_that_are_there_is_refused(load):
    top, middle = unit(), unit()
    middle["accountable_to"] = top["code"]
    assert load("units", [top, middle]).status == 0
    top["accountable_to"] = middle["code"]
    assert load("units", [top]).refused == [(2, "accountable_to", "The references form a circle.")]


def test_turning_a_tree_upside_down_is_no_circle(prepared, load):
    top, middle = unit(), unit()
    middle["accountable_to"] = top["code"]
    assert load("units", [top, middle]).status == 0
    top["accountable_to"], middle["accountable_to"] = middle["code"], ""
    assert load("units", [top, middle]).counts == (0, 2, 0, 0)
    assert stored(prepared, top["code"])["accountable_to"] == stored(prepared, middle["code"])["id"]


def test_the_same_unit_twice_is_refused_at_its_second_line(load):
    row, twin = unit(credit_code=credit_code(next(numbers))), unit()
    assert load("units", [row, {**row, "name": "另一名"}]).refused == [
        (3, "code", "Repeats line 2."), (3, "credit_code", "Repeats line 2.")]
    twin["credit_code"] = row["credit_code"]
    assert load("units", [row, twin]).refused == [(3, "credit_code", "Repeats line 2.")]


def test_partial_writes_the_good_rows_and_refuses_what_refers_to_refused_ones(prepared, load):
    good, bad = unit(), unit(kind="nothing")
    below = unit(accountable_to=bad["code"])
    deeper = unit(accountable_to=below["code"])
    done = load("units", [deeper, below, bad, good], "--partial")
    assert done.status == 3 and done.counts == (1, 0, 0, 3)
    assert sorted(done.refused) == [
        (2, "accountable_to", "It refers to a row that was refused."),
        (3, "accountable_to", "It refers to a row that was refused."),
        (4, "kind", "The kind of unit is not in the code set.")]
    assert stored(prepared, good["code"]) and not stored(prepared, deeper["code"])


def test_closing_a_unit_or_changing_its_kind_loses_no_post(prepared, load):
    row = unit()
    assert load("units", [row]).status == 0
    assert load("people", [{"unit": row["code"], "code": "1", "name": "王伟"}]).status == 0
    post = {"person_code": "1", "unit": row["code"], "post": "legal_representative", "held_from": "2020-01-01"}
    assert load("appointments", [post]).status == 0
    assert load("units", [{**row, "closed_on": "2022-01-01"}]).refused == [
        (2, "closed_on", "Posts are held after that day: end them first.")]
    assert load("units", [{**row, "kind": "section"}]).refused == [
        (2, "kind", "Posts are held that the new kind of unit does not have: end them first.")]


def test_nobody_answers_to_a_closed_unit(load):
    closed = unit(opened_on="2010-01-01", closed_on="2012-01-01")
    assert load("units", [closed, unit(accountable_to=closed["code"])]).refused == [
        (3, "accountable_to", "That unit is closed.")]


@pytest.fixture
def days_of_change(prepared):
    """days_of_change(code) -> the days from which changes of the unit counted, as its history is told them."""
    with prepared.owner() as owner:
        owner.execute("create table if not exists public.seen (code text, day date)")
        owner.execute("""
            create or replace function public.see() returns trigger language plpgsql as $$
            begin
                insert into public.seen select t.code, anze.effective_on() from touched t;
                return null;
            end $$""")
        owner.execute("create or replace trigger seen after update on anze.unit referencing new table as touched"
                      " for each statement execute function public.see()")
    return lambda code: prepared.value("select array_agg(day::text order by ctid) from public.seen where code = %s",
                                       code)


def test_a_change_counts_from_the_day_of_its_row_else_of_the_command_else_today(prepared, load, days_of_change):
    rows = [unit(opened_on="2010-01-01", effective_on=""), unit(opened_on="2010-01-01", effective_on="")]
    assert load("units", rows).counts == (2, 0, 0, 0)
    for row in rows:
        row["name"] += "甲"
    rows[1]["effective_on"] = "2024-06-01"
    assert load("units", rows, "--effective-on", "2024-03-01").counts == (0, 2, 0, 0)
    for row in rows:
        row.update(name=row["name"] + "乙", effective_on="")
    assert load("units", rows).counts == (0, 2, 0, 0)
    today = prepared.value("select anze.today()::text")
    assert days_of_change(rows[0]["code"]) == ["2024-03-01", today]
    assert days_of_change(rows[1]["code"]) == ["2024-06-01", today]


# ---- people and appointments ----

@pytest.fixture
def firm(load) -> str:
    """The code of a new enterprise with three people, 1 to 3."""
    row = unit(opened_on="2010-01-01")
    assert load("units", [row]).status == 0
    assert load("people", [{"unit": row["code"], "code": str(n), "name": "王伟", "phone": "13900000000"}
                           for n in (1, 2, 3)]).counts == (3, 0, 0, 0)
    return row["code"]


def test_people_are_known_by_unit_and_staff_number(prepared, load, firm):
    row = {"unit": firm, "code": "1", "name": "王伟", "phone": "13900000000"}
    assert load("people", [row]).counts == (0, 0, 1, 0)
    assert load("people", [{**row, "qualifications": "safety_certificate"}]).counts == (0, 1, 0, 0)
    written = prepared.value("select to_jsonb(p) from anze.person p join anze.unit u on u.id = p.unit_id"
                             " where u.code = %s and p.code = '1'", firm)
    assert (written["region_code"], written["is_body"], written["qualifications"], written["version"]) == (
        TOWN, False, ["safety_certificate"], 2)


@pytest.mark.parametrize("change, column, sentence", [
    ({"unit": "nobody"}, "unit", "There is no such unit."),
    ({"code": ""}, "code", "It must be given."),
    ({"name": "长" * 51}, "name", "A name has 1 to 50 characters."),
    ({"phone": "call me"}, "phone", "The telephone number has the wrong form."),
    ({"qualifications": "wizard"}, "qualifications", "A qualification is not in the code set."),
    ({"code": "9"}, "code", "Repeats line 2.")])
def test_each_refused_person_is_named(load, firm, change, column, sentence):
    row = {"unit": firm, "code": "9", "name": "李娜", "phone": "", "qualifications": ""}
    done = load("people", [row, {**row, "code": "8", **change}])
    assert done.status == 1 and done.refused == [(3, column, sentence)]


def appointment(firm: str, **more) -> dict:
    return {"person_unit": "", "person_code": "1", "unit": firm, "post": "safety_manager", "held_from": "2020-01-01",
            "held_until": "", "is_full_time": "true", "portfolio": "", **more}


def test_appointments_are_known_by_holder_post_and_first_day(prepared, load, firm):
    row = appointment(firm)
    assert load("appointments", [row]).counts == (1, 0, 0, 0)
    assert load("appointments", [row]).counts == (0, 0, 1, 0)
    later = appointment(firm, held_from="2023-01-01")
    assert load("appointments", [{**row, "held_until": "2022-01-01"}, later]).counts == (1, 1, 0, 0)
    terms = prepared.value("select array_agg(a.held::text order by a.held) from anze.appointment a"
                           " join anze.unit u on u.id = a.unit_id where u.code = %s", firm)
    assert terms == ["[2020-01-01,2022-01-01)", "[2023-01-01,)"]


def test_a_person_of_another_unit_may_hold_the_post(prepared, load, firm):
    other = unit()
    assert load("units", [other]).status == 0
    assert load("appointments", [appointment(other["code"], person_unit=firm)]).counts == (1, 0, 0, 0)


@pytest.mark.parametrize("change, column, sentence", [
    ({"unit": "nobody", "person_unit": "nobody"}, "person_unit", "There is no such unit."),
    ({"person_code": "77"}, "person_code", "The unit has no person of this staff number."),
    ({"post": "king"}, "post", "The post does not exist."),
    ({"post": "party_head"}, "post", "This kind of unit has no such post."),
    ({"held_until": "2020-01-01"}, "held_until", "The post is held from a day to a later one."),
    ({"held_from": "2009-01-01"}, "held_from", "The unit does not exist on that day."),
    ({"held_from": "1.1.2020"}, "held_from", "It must be a date that exists, such as 2026-02-28."),
    ({"portfolio": "magic"}, "portfolio", "There is no such sector."),
    ({"is_full_time": "perhaps"}, "is_full_time", "It must be true or false."),
    ({"person_code": "2", "held_from": "2021-01-01"}, "held_from", "The person holds this post in that time already."),
    ({"person_code": "2"}, "held_from", "Repeats line 2.")])
def test_each_refused_appointment_is_named(load, firm, change, column, sentence):
    done = load("appointments", [appointment(firm, person_code="2"), appointment(firm, **change)])
    assert done.status == 1 and (3, column, sentence) in done.refused
    assert {line for line, _, _ in done.refused} == {3}


@pytest.mark.parametrize("term", [("2019-01-01", "2020-06-01"), ("2021-01-01", "")])
def test_a_term_that_overlaps_one_that_is_there_is_refused(load, firm, term):
    assert load("appointments", [appointment(firm)]).status == 0
    done = load("appointments", [appointment(firm, held_from=term[0], held_until=term[1])])
    assert done.refused == [(2, "held_from", "The person holds this post in that time already.")]


# ---- files ----

@pytest.mark.parametrize("content, why", [
    ("", "line 1: The file is empty."),
    ("code,kind,name,region_code\n", "the file has no records"),
    ("code,kind,nome,region_code\n", "line 1: nome: There is no such column."),
    ("code,kind,name,name,region_code\n", "line 1: name: The column stands there twice."),
    ("code,kind,name\n", "the column region_code is missing"),
    ('code,kind,name,region_code\na,b,"c,d\n', "a quoted field has no end"),
    ('code,kind,name,region_code\na,b,c"c,d\n', "line 2: From here on this is not CSV"),
])
def test_a_file_that_cannot_be_read_is_refused_whole(load, content, why):
    for options in ((), ("--partial",)):
        done = load("units", content, *options)
        assert done.status == 1 and why in done.err and "nothing was written" in done.err


def test_byte_order_mark_crlf_blank_lines_and_quotes_are_read(prepared, load):
    code = unit()["code"]
    text = f'\ufeffname,kind,code,region_code\r\n\r\n"甲""乙,公司",enterprise,{code},{TOWN}\r\n\r\n'
    assert load("units", text).counts == (1, 0, 0, 0)
    assert stored(prepared, code)["name"] == '甲"乙,公司'
    assert load("units", '\ufeff{"name":"甲\\"乙,公司","kind":"enterprise","code":"%s","region_code":"%s"}\r\n\r\n'
                % (code, TOWN), name="rows.ndjson").counts == (0, 0, 1, 0)


def test_a_line_feed_in_quotes_counts_lines_as_an_editor_does(load, firm):
    rows = [appointment(firm, portfolio_note="一\n二"), appointment(firm, portfolio_note="", post="king")]
    assert [line for line, column, _ in load("appointments", rows).refused if column == "post"] == [4]


def test_what_is_no_utf_8_is_refused_by_its_line(load):
    rows = as_csv([unit(), unit()]).encode().replace("公司".encode(), b"\xff\xfe", 1)
    assert load("units", rows).refused == [(2, "name", "It is not valid UTF-8.")]


@pytest.mark.parametrize("line, column, sentence", [
    ("[1]", "", "The line is JSON, but no object."),
    ("{", "", "Not read as JSON: this is not JSON."),
    ('{"code":"a","\\u0063ode":"b"}', "", "Not read as JSON: an object has two members of the same name."),
    ('{"code":1}', "code", "Must be a string; numbers are written as strings too."),
    ('{"code":{}}', "code", "Must be a string; numbers are written as strings too."),
    ('{"high_risk":["a;b"]}', "high_risk", "Each item of a list is a string without semicolons."),
    ('{"nome":"a"}', "nome", "There is no such column."),
    ('{"code":"\xff"}', "", "Not read as JSON: this is not valid UTF-8."),
])
def test_each_line_that_is_no_record_is_refused(load, line, column, sentence):
    text = as_ndjson([unit()]).encode() + line.encode("latin-1") + b"\n"
    assert load("units", text, name="rows.ndjson").refused == [(2, column, sentence)]


def test_the_report_has_the_rows_and_is_for_the_operator_alone(load, tmp_path):
    report = tmp_path / "report.csv"
    bad = unit(name="甲\u202e\x1b[31m")
    done = load("units", [unit(), bad], "--partial", "--report", str(report))
    assert done.status == 3 and "line,column" not in done.err
    text = report.read_text()
    assert [(line, column) for line, column, _ in refusals(text)] == [(3, "name")]
    assert bad["code"] in text and "\\x1b[31m" in text and "\u202e" not in text and "\x1b" not in text
    assert report.stat().st_mode & 0o777 == 0o600
    assert load("units", [unit()], "--report", str(report)).status == 0
    assert report.read_text() == "line,column,reason,row\n"


def test_a_file_above_1_gib_is_refused_before_it_is_read(prepared, tmp_path):
    path = tmp_path / "large.csv"
    with open(path, "wb") as file:
        file.truncate((1 << 30) + 1)
    done = prepared.anze("import", "units", str(path))
    assert done.returncode == 1 and "larger than 1 GiB" in done.stderr


@pytest.mark.parametrize("arguments", [
    (), ("units",), ("planets", "x.csv"), ("units", "x.txt"), ("units", "x.csv", "--format", "xml"),
    ("units", "x.csv", "--effective-on", "yesterday"), ("units", "x.csv", "y.csv"), ("units", "x.csv", "--all")])
def test_wrong_arguments_are_explained(prepared, arguments):
    done = prepared.anze("import", *arguments)
    assert done.returncode == 2 and "usage: anze import" in done.stderr


def test_the_audit_names_the_import(prepared, load):
    row = unit()
    assert load("units", [row]).status == 0
    assert prepared.value("select operation || ' ' || client from audit.entry where object_type = 'anze.unit'"
                          " and object_id = %s", stored(prepared, row["code"])["id"]) == "importUnits anze"


def test_what_was_imported_is_marked_for_planning(prepared, load):
    row = unit()
    assert load("units", [row]).status == 0
    assert prepared.value("select count(*) from anze.duty_work where unit_id = %s", stored(prepared, row["code"])["id"]
                          ) == 1


# ---- many ----

def test_a_whole_city_is_imported_and_again_changes_nothing(cluster, make_database, tmp_path, random_source):
    database = make_database(cluster)
    city = people.City(random_source.randrange(1 << 30), units=2000, people=9000)
    kinds = {"regions": city.regions, "units": city.units[::-1], "people": list(city.people()),
             "appointments": list(city.appointments())}
    for kind, rows in kinds.items():
        people.write(tmp_path / f"{kind}.csv", rows, "csv")
        people.write(tmp_path / f"{kind}.ndjson", rows, "ndjson")
        done = Done(database.anze("import", kind, str(tmp_path / f"{kind}.csv")))
        assert done.status == 0, done.err[:2000]
        there = len(tree.REGIONS) if kind == "regions" else 0
        assert len(rows) - there <= done.counts[0] <= len(rows) and done.counts[3] == 0
        again = Done(database.anze("import", kind, str(tmp_path / f"{kind}.ndjson")))
        assert again.counts == (0, 0, len(rows), 0), again.err[:2000]
    assert database.value("select count(*) from anze.unit where code is not null") == 2000
    assert database.value("select count(*) from anze.person") == len(kinds["people"])


# ---- documents ----

def columns() -> dict[str, dict[str, bool]]:
    """By kind: each column of the program's own table, and whether it is required."""
    text = (ROOT / "src/command/import_kind.c").read_text()
    tables = dict(re.findall(r"struct import_column (\w+)\[\] = \{\n(.*?)\n\};", text, re.DOTALL))
    return {kind: {name: required == "true" for name, required in
                   re.findall(r'\{ "(\w+)", FORM_\w+, (\w+) \}', tables[table])}
            for kind, table in re.findall(r'\{ "(\w+)", "\w+", "[\w.]+", ARRAY_LENGTH\((\w+)\)', text)}


def test_the_tables_of_columns_are_those_of_the_program(prepared):
    section = (ROOT / "deploy/README.md").read_text().split("### Import\n")[1].split("\n### ")[0]
    help_text = prepared.anze("import", "--help").stdout
    assert columns().keys() == {"regions", "units", "people", "appointments"}
    for kind, names in columns().items():
        table = section.split(f"`{kind}`")[1].split("\n\n")[1]
        assert {name: bool(star) for name, star in re.findall(r"^\| `(\w+)`( \*)? \|", table, re.MULTILINE)} == names
        assert [n for n in names if not re.search(rf"\b{n}\b", help_text.split(f"\n  {kind} ")[1])] == []
        assert kind in (ROOT / "deploy/anze.1").read_text()
