"""Subjects: whatever is owed is told by one step, listed and shown by functions found by its code. A new one is a row and
these functions."""
import pytest

from harness import tree
from harness.owed import DAY, JUST, now, sweep

MINE, STRANGER = tree.enterprise("150622101", 1), tree.enterprise("150621101", 1)
OF_CLOCKS, OF_ALL = ("owed", "notice", "deadline"), ("shows_files",)
DRILL = """
    insert into anze.subject (code, title_zh, title_en, clocks, place) values ('drill', '演练', 'Drill', 'deadline', 999);
    insert into anze.notice_stage (code, subject, place, kind, delay_rule, counted_from, addressee, periods, title_zh, title_en)
    values ('drill_warning', 'drill', 999, 'warning', 'NOTICE.DEADLINE.WARNING', 'due_at', 'unit', '{}', '警示', 'Warning');
    create function anze.drill_owed(ids uuid[]) returns setof anze.owing stable language sql as $$
        select d.id, d.owed_by, null::uuid, d.due_at, d.due_at, d.starts_at, null::text, d.region_code, d.sector
        from anze.deadline d where d.id = any (ids) $$;
    create function anze.drill_notice(n anze.notice) returns jsonb stable language sql as $$
        select jsonb_build_object('drill', n.subject_id) $$;
    create function anze.drill_deadline(id uuid) returns jsonb stable language sql as $$
        select jsonb_build_object('id', id, 'kind', 'drill') $$;
    create function anze.drill_shows_files(id uuid) returns boolean stable language sql as $$
        select d.owed_by = anze.unit() from anze.deadline d where d.subject_id = drill_shows_files.id $$;
"""


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    return make_database(cluster, catalogue=False)


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        sweep(connection)
        yield connection
        connection.rollback()


@pytest.fixture
def drill(owner) -> tuple[str, str]:
    """A subject that the program does not know, and a deadline of it that has passed: its id, and of what it is."""
    owner.execute(DRILL)
    return owner.execute(
        "insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code, sector,"
        " next_notice_at) values ('drill', gen_random_uuid(), 'held', '演练', 'Drill', %s, %s, %s, %s, %s, %s)"
        " returning id::text, subject_id::text",
        (now() - DAY, now() - JUST, MINE.id, MINE.region_code, MINE.sector, now() - JUST)).fetchone()


def test_every_registered_subject_has_its_functions(owner):
    missing = owner.execute(
        "select s.code, f.name from anze.subject s cross join unnest(%s::text[] || %s::text[]) f(name)"
        " where (f.name = any (%s) and s.clocks is not null and (f.name <> 'deadline' or s.clocks in ('obligation', 'deadline'))"
        " or f.name = any (%s) and s.clocks is null)"
        " and not exists (select from pg_proc p where p.pronamespace = 'anze'::regnamespace"
        " and p.proname = s.code || '_' || f.name)", (list(OF_CLOCKS), list(OF_ALL), list(OF_CLOCKS), list(OF_ALL))).fetchall()
    assert missing == []


def test_what_a_new_subject_owes_is_told_once_by_the_same_step(owner, drill):
    sweep(owner)
    sweep(owner)
    shown = owner.execute("select anze.notice_json(n), n.subject from anze.notice n where n.subject_id = %s", (drill[0],)).fetchall()
    assert len(shown) == 1 and shown[0][1] == "drill"
    assert (shown[0][0]["stage"], shown[0][0]["drill"], shown[0][0]["unit"]["id"]) == ("drill_warning", drill[0], MINE.id)
    assert owner.execute("select next_notice_at::text from anze.deadline where id = %s", (drill[0],)).fetchone()[0] == "infinity"


def test_deadlines_of_a_new_subject_are_shown_by_its_own_function(owner, drill):
    rows = owner.execute("select id::text, body from anze.deadline_items(array['drill'], array[%s]::uuid[])", (drill[0],)).fetchall()
    assert rows == [(drill[0], {"id": drill[0], "kind": "drill"})]


def test_evidence_of_a_new_subject_is_seen_by_whom_its_own_function_names(owner, drill):
    file = owner.execute("select gen_random_uuid()::text").fetchone()[0]
    owner.execute("alter table anze.file_use drop constraint file_use_file_fkey")  # what counts is who sees, not what it is
    owner.execute("select anze.use_files(jsonb_build_array(jsonb_build_object('file_id', %s::text)), 'drill', %s)", (file, drill[1]))
    seen = {}
    for unit in (MINE, STRANGER):
        owner.execute("select set_config('anze.reach', 'unit', true), set_config('anze.unit', %s, true)", (unit.id,))
        seen[unit.id] = owner.execute("select anze.sees_use_of_file(%s)", (file,)).fetchone()[0]
    assert seen == {MINE.id: True, STRANGER.id: False}


def test_one_step_tells_of_each_subject_so_many_rows_and_none_waits_for_another(owner, drill):
    """A hundred of one subject do not keep the one of another from being told in the same step."""
    owner.execute("insert into anze.subject (code, title_zh, title_en, clocks, place) values ('crowd', '众', 'Crowd', 'deadline', 0)")
    owner.execute("create function anze.crowd_owed(ids uuid[]) returns setof anze.owing stable language sql as"
                  " 'select x.* from anze.drill_owed(ids) x'")
    owner.execute("insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code,"
                  " next_notice_at) select 'crowd', gen_random_uuid(), 'x', 'x', 'x', d.starts_at, d.due_at, d.owed_by, d.region_code,"
                  " d.due_at from anze.deadline d, generate_series(1, 100) where d.id = %s", (drill[0],))
    owner.execute("select anze.tell_owed(10)")
    assert owner.execute("select count(*) from anze.notice where subject_id = %s", (drill[0],)).fetchone()[0] == 1
    assert owner.execute("select count(*) from anze.deadline where subject = 'crowd' and next_notice_at = 'infinity'").fetchone()[0] == 10
