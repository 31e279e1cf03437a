"""A step of the sweep that fails on one row sets it aside, with an alarm, and does the others: tried again after growing time,
or when an administrator asks."""
import pytest

from harness import tree
from harness.owed import DAY, JUST, now, owe, sweep, sweep_once

BAD, GOOD = tree.enterprise("150622101", 1), [tree.enterprise("150622101", n) for n in (2, 3)]
UNITS = [BAD, *GOOD]


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    return make_database(cluster, catalogue=False)


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        sweep(connection, 1000)
        yield connection
        connection.rollback()


def refuse(owner, table: str, event: str, condition: str) -> None:
    """From now on the database itself refuses this."""
    row = "old" if event == "delete" else "new"
    owner.execute(f"create function anze.refused() returns trigger language plpgsql as"
                  f" $$ begin if {condition} then raise check_violation using table = '{table}', constraint = 'of_the_test';"
                  f" end if; return {row}; end $$")
    owner.execute(f"create trigger zz_refused before {event} on anze.{table} for each row execute function anze.refused()")


def set_aside(owner) -> list[tuple]:
    return owner.execute("select step, subject, row_id, sqlstate, fault, tries from anze.set_aside order by step, row_id").fetchall()


def stale(owner, assignment: str) -> None:
    owner.execute(f"update anze.duty_work set {assignment} where unit_id = any (%s::uuid[])", ([u.id for u in UNITS],))


def waiting(owner, condition: str) -> set[str]:
    return {row[0] for row in owner.execute(f"select unit_id::text from anze.duty_work where {condition}").fetchall()}


# What each step is given, what the database refuses of it, and what tells which units still wait.
OF_UNITS = {
    "plan_due": ("plan_from = '2026-01-01'", ("duty_work", "update", "new.unit_id = '{id}' and old.plan_from is not null and"
                                              " new.plan_from is null"), "plan_from is not null"),
    "check_structures": ("structure_is_stale = true", ("duty_work", "update", "new.unit_id = '{id}' and old.structure_is_stale"
                                                       " and not new.structure_is_stale"), "structure_is_stale"),
    "judge_stale_lights": ("light_is_stale = true", ("unit_light", "insert or update", "new.unit_id = '{id}'"), "light_is_stale"),
}


@pytest.mark.parametrize("step", OF_UNITS)
def test_a_unit_on_which_a_step_fails_waits_alone(owner, step):
    given, (table, event, condition), left = OF_UNITS[step]
    stale(owner, given)
    refuse(owner, table, event, condition.format(id=BAD.id))
    sweep_once(owner)
    assert waiting(owner, left) == {BAD.id}
    assert set_aside(owner) == [(step, "unit", BAD.id, "23514", f"{table} of_the_test", 1)]


def test_a_unit_whose_note_cannot_be_followed_waits_alone(owner):
    owner.execute("insert into anze.light_note (unit_id) select unnest(%s::uuid[])", ([u.id for u in UNITS],))
    refuse(owner, "light_note", "delete", f"old.unit_id = '{BAD.id}'")
    sweep_once(owner)
    left = owner.execute("select unit_id::text, id::text from anze.light_note").fetchall()
    assert [row[0] for row in left] == [BAD.id]
    assert [(row[0], row[2]) for row in set_aside(owner)] == [("take_light_notes", left[0][1])]


def test_an_obligation_that_cannot_be_told_of_waits_alone(owner):
    owed = {unit.id: owe(owner, now() - JUST, unit=unit) for unit in UNITS}
    refuse(owner, "notice", "insert", f"new.about_unit_id = '{BAD.id}'")
    sweep_once(owner)
    told = {row[0] for row in owner.execute("select about_unit_id::text from anze.notice").fetchall()}
    assert told == {unit.id for unit in GOOD}
    assert set_aside(owner) == [("tell_owed", "obligation", owed[BAD.id], "23514", "notice of_the_test", 1)]


def test_a_deadline_that_cannot_be_told_of_waits_alone(owner):
    ids = {unit.id: owner.execute(
        "insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code, sector,"
        " next_notice_at) values ('case', gen_random_uuid(), 'x', 'x', 'x', %s, %s, %s, %s, %s, %s) returning id::text",
        (now() - DAY, now() - JUST, unit.id, unit.region_code, unit.sector, now() - JUST)).fetchone()[0] for unit in UNITS}
    refuse(owner, "notice", "insert", f"new.about_unit_id = '{BAD.id}'")
    sweep_once(owner)
    assert {row[0] for row in owner.execute("select about_unit_id::text from anze.notice").fetchall()} == {u.id for u in GOOD}
    assert [(row[0], row[1], row[2]) for row in set_aside(owner)] == [("tell_owed", "case", ids[BAD.id])]


def test_a_difference_of_duties_that_cannot_be_folded_waits_alone_and_sums_stay_right(owner):
    for unit in UNITS:
        owe(owner, now() + 60 * DAY, unit=unit)
    asked = "select sum(owed) from (select owed from anze.duty_tally union all select owed from anze.duty_tally_delta) s"
    before = owner.execute(asked).fetchone()[0]
    owner.execute("update anze.duty_tally_delta set sector = 'fire' where id = (select min(id) from anze.duty_tally_delta)")
    refuse(owner, "duty_tally", "insert", "new.sector = 'fire'")
    sweep_once(owner)
    assert owner.execute("select count(*) from anze.duty_tally_delta").fetchone()[0] == 1
    assert [row[:2] for row in set_aside(owner)] == [("fold_tally", "duty_tally_delta")]
    assert owner.execute(asked).fetchone()[0] == before


def test_a_difference_of_hazards_that_cannot_be_folded_waits_alone(owner):
    owner.execute("insert into anze.hazard_tally_delta (found_on, closed_on, late_on, region_code, sector, criterion, found, major,"
                  " recurrent) select anze.today(), 'infinity', 'infinity', '150622101', s, 'x', 1, 0, 0 from unnest('{coal,fire}'::text[]) s")
    refuse(owner, "hazard_tally", "insert", "new.sector = 'fire'")
    sweep_once(owner)
    assert owner.execute("select sector from anze.hazard_tally_delta").fetchall() == [("fire",)]
    assert [row[:2] for row in set_aside(owner)] == [("fold_hazards", "hazard_tally_delta")]


def test_it_is_left_alone_and_then_tried_again_after_twice_the_time_until_it_is_done(owner):
    stale(owner, "light_is_stale = true")
    refuse(owner, "unit_light", "insert or update", f"new.unit_id = '{BAD.id}'")
    waits = []
    for tries in range(1, 5):
        sweep_once(owner)
        sweep_once(owner)
        assert set_aside(owner)[0][5] == tries, "once for each time that has come"
        waits.append(owner.execute("select extract(epoch from again_at - tried_at)::int / 60 from anze.set_aside").fetchone()[0])
        owner.execute("update anze.set_aside set again_at = now() - interval '1 second'")
    assert waits == [1, 2, 4, 8]
    owner.execute("drop trigger zz_refused on anze.unit_light")
    sweep_once(owner)
    assert set_aside(owner) == [] and waiting(owner, "light_is_stale") == set()


def test_at_most_a_day_goes_by_between_two_tries(owner):
    owner.execute("insert into anze.set_aside (step, subject, row_id, sqlstate, tries, again_at)"
                  " values ('plan_due', 'unit', 'x', '23514', 400, now())")
    owner.execute("select anze.set_row_aside('plan_due', 'unit', 'x', '23514', null)")
    assert owner.execute("select tries, again_at - tried_at <= interval '1 day' from anze.set_aside").fetchone() == (401, True)


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03", "53200"])
def test_what_is_wrong_with_the_moment_and_not_with_the_row_sets_nothing_aside(owner, sqlstate):
    stale(owner, "light_is_stale = true")
    owner.execute("create function anze.refused() returns trigger language plpgsql as"
                  f" $$ begin raise exception 'busy' using errcode = '{sqlstate}'; end $$")
    owner.execute("create trigger zz_refused before insert or update on anze.unit_light for each row execute function anze.refused()")
    sweep_once(owner)
    assert set_aside(owner) == [] and waiting(owner, "light_is_stale") == {unit.id for unit in UNITS}


def test_a_program_of_the_last_release_bears_the_steps_that_there_are(owner):
    """It ends when it is asked for a sixteenth: while its database is migrated, it goes on."""
    steps = owner.execute("select count(*) from generate_series(1, 30) n where anze.sweep(n, 1) is not null").fetchone()[0]
    assert steps <= 15
