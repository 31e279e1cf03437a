#!/usr/bin/env python3
"""Rules of the house that no compiler knows. Prints every break of one and ends with 1 if there is any."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RANK = {"base": 0, "contract": 1, "db": 1, "auth": 1, "work": 2, "op": 2, "http": 3, "command": 4}
# Which files may include a library's headers. A folder ends with a slash.
DOORS = {
    r"libpq-fe\.h|libpq/": ("src/db/", "include/anze/db/", "src/work/worker.c"),
    r"jwt\.h": ("src/auth/libjwt.c",),
    r"curl/": ("src/auth/fetch.c",),
    r"yder\.h": ("src/base/log.c",),
    r"ulfius\.h|microhttpd\.h": ("src/http/edge",),
    r"openssl/": ("src/base/crypto.c", "src/auth/", "include/anze/auth/"),
    r"pcre2\.h": ("src/contract/",),
    r"zlib\.h": ("src/http/",),
    r"magic\.h": ("src/base/media.c",),
}
MAX_FUNCTION, MAX_FILE, MAX_LINE = 30, 600, 120
# Split, so that this file does not break its own rule.
WORDS = re.compile(r"(?i)\b(" + "|".join(("to" "do", "fix" "me", "xx" "x", "st" "ub", "place" "holder",
                                          "not imple" "mented", "for n" "ow")) + r")\b")
PATHS = re.compile(r"(?<!\w)/wor[k]/|/far[m]/|/hom[e]/\w|/roo[t]/\w|/tmp/[s]tudio")

faults: list[str] = []


def fault(place: str, what: str) -> None:
    faults.append(f"{place}: {what}")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode:  # a copy without git
        return [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def layer_of(name: str) -> str | None:
    match = re.match(r"(?:src|include/anze)/(\w+)/", name)
    return match and match[1]


def check_includes(name: str, text: str) -> None:
    layer = layer_of(name)
    for number, line in enumerate(text.splitlines(), 1):
        ours = re.match(r'#include "anze/(\w+)/', line)
        if ours and layer and ours[1] != layer and RANK[ours[1]] >= RANK[layer]:
            fault(f"{name}:{number}", f"layer {layer} may not include layer {ours[1]}")
        theirs = re.match(r"#include <([^>]+)>", line)
        if theirs and layer:
            for header, doors in DOORS.items():
                if re.match(header, theirs[1]) and not name.startswith(doors):
                    fault(f"{name}:{number}", f"<{theirs[1]}> has its door in {' and '.join(doors)}")
    if layer and name != "src/base/json.c" and re.search(r"\bjson_load\w*\(", text):
        fault(name, "JSON text is read by src/base/json.c alone")


def plain_code(text: str) -> str:
    """C without its comments and without what stands in strings."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


def check_circles(names: list[str]) -> None:
    """Files of a folder call each other one way. Functions handed over in tables count as calls, too."""
    code = {name: plain_code(read(name)) for name in names if re.fullmatch(r"src/\w+/\w+\.c", name)}
    homes = {(name.rpartition("/")[0], function): name for name, text in code.items()
             for function in re.findall(r"^(?!static\b)\w[\w *]*?\b(\w+)\([^;{]*\)\n\{", text, re.MULTILINE)}
    calls = {name: {homes[key] for word in re.findall(r"(?<!struct )\b[a-z]\w*\b", text)
                    if (key := (name.rpartition("/")[0], word)) in homes} - {name} for name, text in code.items()}
    reached: dict[str, set[str]] = {}
    for name in code:
        way, reached[name] = [name], set()
        while way:
            more = calls[way.pop()] - reached[name]
            reached[name] |= more
            way += more
    for name in sorted(code):
        back = sorted(called for called in calls[name] if name in reached[called])
        if back:
            fault(name, "calls files that call it: " + ", ".join(back))


def check_lengths(name: str, text: str) -> None:
    lines = text.splitlines()
    if len(lines) > MAX_FILE:
        fault(name, f"{len(lines)} lines; a file has at most {MAX_FILE}")
    start = None
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE and not name.startswith("tests/"):  # tables of cases may be wide
            fault(f"{name}:{number}", f"{len(line)} characters; a line has at most {MAX_LINE}")
        if name.endswith(".c"):
            if line == "{":
                start = number
            elif line.startswith("}") and start:
                if number - start > MAX_FUNCTION:
                    fault(f"{name}:{start}", f"a function of {number - start} lines; at most {MAX_FUNCTION}")
                start = None


def check_words(name: str, text: str) -> None:
    for pattern, what in ((WORDS, "says"), (PATHS, "holds a path of one machine:")):
        for match in pattern.finditer(text):
            fault(f"{name}:{text.count(chr(10), 0, match.start()) + 1}", f"{what} '{match[0]}'")


def check_registered(names: list[str]) -> None:
    """A test that meson does not know is a test that never runs."""
    for kind, prefix in (("unit", "test_"), ("fuzz", "fuzz_")):
        table = read(f"tests/{kind}/meson.build")
        for name in names:
            match = re.fullmatch(rf"tests/{kind}/{prefix}(\w+)\.c", name)
            if match and f"'{match[1]}'" not in table:
                fault(name, f"is not in the table of tests/{kind}/meson.build")


def check_days(name: str, text: str) -> None:
    """Days are China's; a test that asks this machine's calendar fails for eight hours of each day."""
    for match in re.finditer(r"\bdate\.today\(\)", text):
        fault(f"{name}:{text.count(chr(10), 0, match.start()) + 1}", "asks this machine which day it is: China's day counts")


def check_domains(names: list[str]) -> None:
    """A domain has one name, in the contract, below sql/, in names of tests and in sql/domains.txt, whose order is who may
    call whom."""
    order = read("sql/domains.txt").split()
    for name in names:
        match = re.match(r"sql/(?:functions|data|queries)/([^/]+)/", name)
        if match and match[1] not in order and name.startswith(("sql/functions/", "sql/data/")):
            fault(name, f"the domain {match[1]} is not in sql/domains.txt")
    tags = set(re.findall(r"^  - name: (\w+)$", read("openapi/service.yaml"), re.MULTILINE)) - {"service"}
    for tag in sorted(tags - set(order)):
        fault("openapi/service.yaml", f"the tag {tag} is no domain of sql/domains.txt")
    for name in names:
        match = re.match(r"tests/(?:(?:api|law|sql)/test|contract/asked)_([a-z]+)\w*\.py$", name)
        if match and match[1] not in order:
            fault(name, f"begins with {match[1]}, which is no domain of sql/domains.txt; what is of all is of core")
    functions = {name: read(name) for name in names if name.startswith("sql/functions/")}
    homes: dict[str, str] = {}
    for name, text in functions.items():
        for called in re.findall(r"create or replace (?:function|procedure) ((?:anze|audit)\.\w+)", text):
            if homes.setdefault(called, name.split("/")[2]) != name.split("/")[2]:
                fault(name, f"{called} is defined in another domain too")
    for name, text in functions.items():
        rank = order.index(name.split("/")[2]) if name.split("/")[2] in order else 0
        for called in sorted(set(re.findall(r"\b((?:anze|audit)\.\w+)\s*\(", re.sub(r"--.*", "", text)))):
            if called in homes and order.index(homes[called]) > rank:
                fault(name, f"calls {called} of the later domain {homes[called]}")


def check_operations(names: list[str]) -> None:
    """Each operation of the contract is named by a test that holds what it promises."""
    tests = " ".join(read(name) for name in names if re.match(r"tests/(?:api|law|sql|contract|fault)/\w+\.py$", name))
    for name in names:
        if re.match(r"openapi/.*\.yaml$", name):
            for operation in re.findall(r"^ +operationId: (\w+)$", read(name), re.MULTILINE):
                if not re.search(rf"\b{operation}\b", tests):
                    fault(name, f"no test names the operation {operation}")


def settings() -> dict[str, str]:
    return dict(re.findall(r'^SETTING\(\w+,\s*\w+,\s*"(\w+)",\s*"([^"]*)"', read("include/anze/base/setting.def"),
                           re.MULTILINE))


def check_configuration() -> None:
    """deploy/README.md: a row | `KEY` | `default` | … for every key of setting.def, and no other."""
    keys = settings()
    rows = dict(re.findall(r"^\| `(ANZE_\w+)` \| (?:`([^`]*)`)? *\|", read("deploy/README.md"), re.MULTILINE))
    rows.pop("ANZE_CONFIG_FILE", None)
    for key in sorted(keys.keys() - rows.keys()):
        fault("deploy/README.md", f"does not document {key}")
    for key in sorted(rows.keys() - keys.keys()):
        fault("deploy/README.md", f"documents {key}, which does not exist")
    for key in sorted(keys.keys() & rows.keys()):
        if keys[key] != rows[key]:
            fault("deploy/README.md", f"says the default of {key} is '{rows[key]}', setting.def says '{keys[key]}'")


def check_metrics(names: list[str]) -> None:
    if "src/base/metrics.c" not in names:
        return
    exported = set(re.findall(r"\banze_[a-z_]+\b", read("src/base/metrics.c")))
    documented = set(re.findall(r"^\| `(anze_[a-z_]+)`", read("deploy/README.md"), re.MULTILINE))
    for name in sorted(exported - documented):
        fault("deploy/README.md", f"does not document the metric {name}")
    for name in sorted(documented - exported):
        fault("deploy/README.md", f"documents the metric {name}, which does not exist")


def check_man(names: list[str]) -> None:
    if "src/command/main.c" not in names:
        return
    manual = read("deploy/anze.1")
    for command in re.findall(r'^    \{ "(\w+)", "', read("src/command/main.c"), re.MULTILINE):
        if not re.search(rf"^\.Ss? anze {command}\b|^\.It Nm anze {command}\b|^\.Ss {command}\b", manual, re.MULTILINE):
            fault("deploy/anze.1", f"does not describe anze {command}")


def check_same(place: str, what: str, documented: set[str], known: set[str]) -> None:
    for name in sorted(known - documented):
        fault(place, f"does not document the {what} {name}")
    for name in sorted(documented - known):
        fault(place, f"documents the {what} {name}, which does not exist")


def check_contract_subset() -> None:
    """openapi/README.md lists the keywords, the formats and what is left out of the test suite, as the code has them."""
    page, place = read("openapi/README.md"), "openapi/README.md"
    keywords = page.split("### Keywords")[1].split("\nNot there:")[0]
    tables = "".join(read(f"src/contract/schema_{part}.c") for part in ("value", "object", "array", "choice"))
    annotations = read("src/contract/schema_compile.c").split("annotations[] = {")[1].split("}")[0]
    check_same(place, "keyword", set(re.findall(r"`([$\w]+)`", keywords)) - {"true", "false"},
               set(re.findall(r'^    \{ "([^"]+)", ', tables, re.MULTILINE) + re.findall(r'"([^"]+)"', annotations)))
    formats = page.split("### Formats")[1].split("###")[0]
    check_same(place, "format", set(re.findall(r"^\| `([\w-]+)`", formats, re.MULTILINE)),
               set(re.findall(r'^    \{ "([^"]+)", is_', read("src/contract/format.c"), re.MULTILINE)))
    exclusions = re.findall(r'^\{ "([^"]+)", (?:NULL|"([^"]*)"), \w+, "([^"]+)"',
                            read("tests/unit/schema_suite_exclusions.def"), re.MULTILINE)
    rows = re.findall(r"^\| `([\w./-]+\.json)` \| ([^|]+) \| (.+) \|$", page, re.MULTILINE)
    check_same(place, "exclusion", {" | ".join(row) for row in rows},
               {" | ".join((file, group or "all", why)) for file, group, why in exclusions})


def main() -> int:
    names = tracked()
    for name in names:
        if not name.endswith((".c", ".h", ".def", ".py", ".sql", ".yaml", ".md", ".sh", ".1", ".build", ".txt", "/run",
                              "/up", "/down")) or name.startswith("tests/fuzz/corpus/"):
            continue
        text = read(name)
        if not name.endswith((".md", ".txt")) or name == "README.md":
            check_words(name, text)
        if name.endswith((".c", ".h")):
            check_includes(name, text)
        if name.startswith(("tests/api/", "tests/law/", "tests/sql/", "tests/contract/", "tests/fault/", "tests/harness/")):
            check_days(name, text)
        if name.endswith((".c", ".h", ".py", "/run", "/up", "/down", ".sh")):
            check_lengths(name, text)
    check_registered(names)
    check_circles(names)
    check_domains(names)
    check_operations(names)
    check_contract_subset()
    check_configuration()
    check_metrics(names)
    check_man(names)
    print("\n".join(faults) if faults else f"{len(names)} files follow the rules of the house")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
