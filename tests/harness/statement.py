"""Reads a statement of sql/queries as the program does, for tests that look at its plan: expand(name, values) -> the SQL
of that variant with $1, $2, … and its values."""
import re
from pathlib import Path

QUERIES = Path(__file__).parents[2] / "sql/queries"


def _holds(rule: str, values: dict[str, str]) -> bool:
    if rule.startswith("!"):
        return rule[1:] not in values
    name, equals, wanted = rule.partition("=")
    return values.get(name) == wanted if equals else name in values


def expand(name: str, values: dict[str, str]) -> tuple[str, list[str | None]]:
    return expand_text((QUERIES / f"{name}.sql").read_text(encoding="utf-8"), values)


def expand_text(template: str, values: dict[str, str]) -> tuple[str, list[str | None]]:
    lines = []
    for line in template.split("\n"):
        text, _, rule = line.partition("--?")
        if not rule or _holds(rule.strip(), values):
            lines.append(re.sub(r"--.*", "", text))
    used: list[str] = []

    def number(match: re.Match) -> str:
        if match[1] is None:  # a string
            return match[0]
        if match[1] not in used:
            used.append(match[1])
        return f"${used.index(match[1]) + 1}"

    sql = re.sub(r"'[^']*'|(?<!:):([a-z][a-z_0-9]*)", number, "\n".join(lines))
    return sql, [values.get(name) for name in used]
