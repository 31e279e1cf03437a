"""What the service's login may execute: what its statements call and what that reaches with the login's own rights; nothing
that answers by id without asking who calls."""
import re

import psycopg
import pytest

from harness.last_release import statements
from harness.statement import QUERIES

PROGRAM = {"sweep", "claim_key", "roll_back"}


@pytest.fixture(scope="module")
def functions(database):
    """name -> [(is executable by the service, runs with the owner's rights, source)]."""
    found: dict[str, list] = {}
    with database.owner() as owner:
        for name, *rest in owner.execute(
                "select p.proname, has_function_privilege('anze_service', p.oid, 'execute'), p.prosecdef,"
                " coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)"
                " from pg_proc p where p.pronamespace = 'anze'::regnamespace"):
            found.setdefault(name, []).append(rest)
    return found


def named(text: str) -> set[str]:
    return set(re.findall(r"anze\.(\w+)", text))


def test_the_service_executes_what_statements_call_and_what_that_reaches_with_its_own_rights(functions, database):
    granted = {name for name, all_of in functions.items() if any(can for can, *_ in all_of)}
    asked = PROGRAM | {name for page in QUERIES.rglob("*.sql") for name in named(page.read_text(encoding="utf-8"))}
    assert asked & set(functions) <= granted
    with database.owner() as owner:
        asked |= named(" ".join(row[0] for row in owner.execute(
            "select concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) from pg_policy")))
    # With the owner's rights only what somebody may ask, or what runs as the service and is asked, is called.
    asked |= {name for text in statements().values() for name in named(text)}  # until its programs are restarted
    openly = asked | {name for one in granted for _, definer, source in functions[one] if not definer for name in named(source)}
    answering = {name for name in granted if any(can and definer for can, definer, _ in functions[name])}
    built = {name for name in answering - openly if re.search("_(deadline|notice|shows_files)$", name)}  # by what it is about
    assert answering - openly - built == set()
    assert len(granted) < len(functions) / 2


@pytest.mark.parametrize("call", ["case_reference(%s)", "case_timeline(null::anze.case_file)", "refresh_findings(%s)"])
def test_what_answers_without_asking_who_calls_is_not_the_services(functions, call):
    for can, *_ in functions.get(call.partition("(")[0], []):
        assert not can, call


def test_what_statements_of_the_last_release_call_is_executable_until_its_programs_are_restarted(functions):
    called = {name for text in statements().values() for name in named(text)} & set(functions)
    assert {name for name in called if not all(can for can, *_ in functions[name])} == set()


def test_the_login_is_refused_what_no_statement_calls(database):
    with database.service(reach="region", region="15") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("select anze.case_reference('0190a5c2-0001-7000-8000-000000000001')")
