"""Figures, days and instruments of the law are rows: none stands in a function. What looks like one and is none is let
through by a pattern or an entry that says why."""
import re
from pathlib import Path

import pytest

SQL = Path(__file__).resolve().parents[2] / "sql"
FUNCTIONS = sorted((SQL / "functions").glob("*/*.sql"))

# What numbers mean by where they stand, in every file.
STRUCTURE = [
    (r"\brows \d+", "what the planner is told"),
    (r"\blimit \d+", "how many rows a list or a comparison takes at most"),
    (r"(?:order|group) by [\d, ]+", "columns by their place"),
    (r"'(?:AZ|P0|4|5|2)\w*\d\w*'", "codes of refusals, SQLSTATEs and HTTP"),
    (r"\b(?:left|right|substr|lpad|rpad|repeat|split_part|round|round_to)\((?:[^()]|\([^()]*\))*\)", "parts of texts, digits of results"),
    (r"\blength\([^()]*(?:\([^()]*\))?[^()]*\) (?:[<>=]+|between) ?\d+(?: and \d+)?", "lengths of texts"),
    (r"\b36150(?:29|3\d)\b(?:, \d)?", "locks by their number"),
    (r"\bsubstr\(.*, \d+\)", "parts of texts"),
    (r"'0{8}-0{4}-0{4}-0{4}-0{12}'", "the first id there can be"),
    (r"'0+'", "the padding of codes of regions"),
    (r"anze\.fold\('\w+', '\w+', \d, ", "locks of the folds"),
    (r"interval '(?:1|24) (?:microsecond|second|minute|hour|day|month|year)s?'", "units of time"),
    (r"interval '[3-7] (?:months|days)'", "the length of a quarter, a half-year, a week"),
    (r"\bextract\(\w+ from [^()]*\) ?(?:[<>=]+ ?\d+|/ ?\d+)", "parts of a day by the calendar"),
    (r"/ ?86400|[*/] ?100\b|\b100(?:\.0)? ?\*|\b24 ?\*", "seconds of a day, hundredths, hours of a day"),
    (r"'[^']*\\d[^']*'|'\^[^']*\$'", "patterns of texts"),
    (r"'\{[\d,]*\}'::\w+\[\]", "empty or short arrays"),
]
LEVELS = "levels by their rank, as the register of bodies knows them (level.rank): no figure of an instrument"
# file, pattern, why.
ALLOWED = [
    ("accidents/alert.sql", r"\(values \(2::smallint.*", LEVELS),
    ("accidents/ending.sql", r"greatest\(entry_level, 2|max\(p % 10\)", LEVELS),
    ("accidents/ending.sql", r"interval '12 hours'", "how near reports of one accident may be: a hint to who files"),
    ("accidents/moments.sql", r"select \d(?: as place)?, 'after-", "the order in which faults are told"),
    ("accidents/notice.sql", r"then 2 else|\(values \(1, .*", LEVELS),
    ("accidents/page.sql", r"l\.rank >= 2", LEVELS),
    ("accidents/page.sql", r"::text, -1\), 2\)", "the inside of an object's text"),
    ("accidents/transmission.sql", r"[bx]\.rank >= 2|by_level >= 2|by_level, 2::smallint|(?:from_level|rank) \* 10 \+", LEVELS),
    ("cases/act.sql", r"between 1 and \d+|\b1000000\b|2026-03-31\S*|1 (?:至|to) \d+", "the form of fields, and examples of it"),
    ("deadlines/notice.sql", r"interval '(?:2|48) hours'|/ 60\b|/ 3600\b|interval '30 seconds'", "how a span is written"),
    ("duties/catalogue.sql", r"'OPINION-ORDOS-2022'|'2022-01-01'", "the catalogue is of one document: the default of its rows"),
    ("duties/compliance.sql", r"'[67] (?:days|months)'|'3 months'|\* 6 - 5|\* 3 - 2|第 53 周|week 53", "periods by their names"),
    ("duties/plan.sql", r"then 1 else 7", "the months with which half-years begin"),
    ("duties/settle.sql", r"\b32767\b", "the greatest smallint"),
    ("duties/work.sql", r"today\(\) \+ \d+", "how far ahead the sweeper plans: work, not law"),
    ("files/files.sql", r"sha-?256\S*|base64|attempt > 5", "how often bytes may be thrown away: storage, not law"),
    ("files/quota.sql", r"interval '5 seconds'|'retry_after', 60", "how often the disk is looked at: storage, not law"),
    ("hazards/merge.sql", r"\b2\.0 \*|\b111320\b|\^ 2", "the formula of likeness, and the length of a degree"),
    ("lights/lights.sql", r"interval '800 days'", "how far back an index is read for a year's period before"),
    ("notices/notices.sql", r"abs\(length\) > 1000(?:000)?", "how far any moment may be"),
    ("notices/notices.sql", r"\(values \(2, .*|'\{unit,superior,safety_office,upper_safety_office\}'", LEVELS),
    ("people/leadership.sql", r"distance < 32", "no tree is so deep: a circle would be"),
    ("people/structure.sql", r"'OPINION-ORDOS-2022'|'2022-01-01'", "the catalogue is of one document: the default of its rows"),
    ("regions/import.sql", r"'9000'", "how codes of what a province administers itself begin"),
    ("risks/map.sql", r"<< 24|\* 32768|cell_\d+|, (?:4|16|64)\)|box\[[1-4]\], \d+\)|box\[[1-4]\]|> 2\b",
     "cells of the map, by how many make a degree, within the bounds of China"),
    ("risks/tally.sql", r"rank = [1-4]", "colours by their rank"),
    ("risks/source.sql", r"then [234]\b|else 4 end|HAZSOURCE\.R[123]", "grades by the rules that bound them"),
    ("rules/limits.sql", r"-?1e15", "the widest limits that a value has"),
    ("rules/working_day.sql", r"20 \+ 2 \* abs|\+ 731|, 12, 31\)",
     "a window that always holds the day; two years of a calendar; the last day of one"),
    ("rules/calendar.sql", r"20 \+ 2 \* abs|3615029, 7|, 12, 1\)|, 1, 31\)|isodow from [\w.]+\) < 6",
     "a window that always holds the day; a lock; the months beside a year; weekdays"),
    ("units/change.sql", r"< 2 or|< 2 then", "a split has two parts"),
    ("units/import.sql", r"'2000-01-01'", "since when an imported unit is taken to have been there"),
    ("units/tree.sql", r"> ?\d00\b", "how many are shown at once"),
    ("work/rights.sql", r"a-z_0-9", "how names of functions are written"),
    ("hazards/file.sql", r", 200\)", "how much of a description a title shows"),
    ("hazards/case.sql", r"cited\[2:\]", "all but the first"),
    ("hazards/criteria.sql", r"cited\[2:\]", "all but the first"),
    ("hazards/tally.sql", r"'[36] months'", "periods by their names"),
]


def code_of(path: Path) -> list[tuple[int, str]]:
    """Lines without comments, and without sentences: a text with blanks in it is said to people."""
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = re.sub(r"--.*", "", line)
        lines.append((number, re.sub(r"'(?:[^']|'')*[\u4e00-\u9fff](?:[^']|'')*'|'[A-Z](?:[^']|'')* (?:[^']|'')*'", "''", line)))
    return lines


def suspects(line: str, names: list[str]) -> list[str]:
    found = [n for n in names if f"'{n}'" in line]
    found += re.findall(r"'\d{4}-\d\d-\d\d'", line)
    return found + [n for n in re.findall(r"(?<![\w.$%])\d+(?:\.\d+)?(?![\w.])", line) if n not in ("0", "1")]


@pytest.fixture(scope="module")
def instruments() -> list[str]:
    text = "\n".join(p.read_text(encoding="utf-8") for p in (SQL / "data").glob("*/*.sql"))
    names = re.findall(r"^ +\('([A-Z]+-[A-Z0-9.-]+)', '", text, re.M)
    assert {"SC-493", "OPINION-ORDOS-2022", "LISTING-LOCAL"} <= set(names)
    return names


def allowed_in(path: Path) -> list[str]:
    place = "/".join(path.parts[-2:])
    return [pattern for pattern, _ in STRUCTURE] + [pattern for file, pattern, _ in ALLOWED if file == place]


@pytest.mark.parametrize("line", [
    "when (new.grade >= 2 and old.grade < 2)", "anze.day_of(at) < '2008-02-01'", "i.code = 'SC-493'", "due_on := day + 15",
    "at + interval '60 days'", "select least(5, grade + 1)", "case colour when 'red' then 5 end", "case when score >= 320 then",
    "make_date(year, 1, 31)"])
def test_a_figure_would_be_found(line, instruments):
    for pattern, _ in STRUCTURE:
        line = re.sub(pattern, " ", line)
    assert suspects(line, instruments) != []


def test_nothing_is_let_through_that_is_not_there():
    assert [entry for entry in ALLOWED if not re.search(
        entry[1], "\n".join(line for _, line in code_of(SQL / "functions" / entry[0])))] == []


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda p: "/".join(p.parts[-2:]))
def test_no_figure_of_the_law_stands_in_a_function(path, instruments):
    if path.parent.name in ("core", "audit"):
        return  # below the law: ids, texts, and the chain
    left = []
    for number, line in code_of(path):
        for pattern in allowed_in(path):
            line = re.sub(pattern, " ", line)
        left += [f"{number}: {word} in {line.strip()}" for word in suspects(line, instruments)]
    assert left == []
