"""The demo city is no stage set: what was laid back in time is what the service itself would have come to, day by day."""
import json
import os

import pytest
from psycopg import sql

from harness.demo import DemoCity
from harness.owed import sweep_once
from harness.statement import expand

# What a second load could touch.
TABLES = ("region", "unit", "person", "appointment", "duty_record", "obligation", "hazard", "hazard_judgement", "case_file",
          "case_event", "deadline", "risk_point", "risk_assessment")


@pytest.fixture(scope="module")
def city(cluster, binary):
    return DemoCity(cluster, f"anze_demo_{os.getpid()}", binary)


@pytest.fixture
def rows(city):
    """rows("select …"): all rows, seen by the cluster's superuser."""
    with city.admin() as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


def test_loading_it_again_changes_nothing(city, rows):
    def content() -> list:
        return [(table, rows(f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from anze.{table} t"))
                for table in TABLES]

    before = content()
    city.load("demo.sql", "demo_duties.sql", "demo_hazards.sql")
    assert content() == before


def test_hazards_of_two_years_are_there_of_every_enterprise_severity_and_end(rows):
    assert rows("select count(*) > 120 and min(found_at) < now() - interval '22 months' and max(found_at) < now()"
                " and count(distinct unit_id) = 13 from anze.hazard") == [(True,)]
    states = {state for state, in rows("select distinct state from anze.hazard")}
    assert states >= {"found", "ordered", "ordered_extension", "rectified", "governed", "suspended", "refused", "closed", "dismissed"}
    assert rows("select count(*) from anze.hazard where severity = 'major' and is_open")[0][0] >= 2
    assert rows("select count(*) from anze.hazard where recurrences > 0")[0][0] >= 3


def test_a_case_stands_where_its_last_step_left_it_and_no_step_goes_back_or_ahead(rows):
    assert rows("""
        select c.title from anze.case_file c
        join lateral (select count(*) as steps, min(e.at) as first, max(e.at) as last,
                          (array_agg(e.to_state order by e.number desc))[1] as state from anze.case_event e where e.case_id = c.id) e on true
        where (c.state, c.event_count, c.opened_at, c.updated_at) is distinct from (e.state, e.steps, e.first, e.last)
           or e.last > now() or c.state_since not between e.first and e.last
           or c.due_at is distinct from coalesce((select min(d.due_at) from anze.deadline d where d.subject_id = c.id and d.is_running), 'infinity')
    """) == []
    assert rows("select e.case_id from anze.case_event e join anze.case_event n on (n.case_id, n.number) = (e.case_id, e.number + 1)"
                " where n.at <= e.at or n.from_state <> e.to_state") == []


def test_a_hazard_and_its_judgements_tell_what_its_case_tells(rows):
    assert rows("""
        select h.description from anze.hazard h join anze.case_file c on c.id = h.case_id
        where (h.state, h.is_open, h.version, h.due_at, h.recorded_at, h.updated_at)
                is distinct from (c.state, c.is_open, c.version, c.due_at, c.opened_at, c.updated_at)
           or h.closed_at is distinct from case when c.state = 'closed' then c.state_since end
           or h.found_at > h.recorded_at or h.severity is distinct from c.facts ->> 'severity'
           or h.due_on::text is distinct from c.facts ->> 'due_on'
           or h.judged_at is distinct from (select max(j.judged_at) from anze.hazard_judgement j where j.hazard_id = h.id)
           or h.judged_at <> all (array(select e.at from anze.case_event e where e.case_id = h.case_id))
    """) == []


def test_a_clock_runs_from_a_step_to_a_step_for_as_long_as_its_rule_says(rows):
    assert rows("""
        select c.title, d.clock from anze.deadline d join anze.case_file c on c.id = d.subject_id
        cross join lateral (select array_agg(e.at) as moments from anze.case_event e where e.case_id = c.id) e
        left join anze.rule r on (r.code, r.version) = (d.rule, d.rule_version)
        where d.starts_at <> all (e.moments) or coalesce(d.met_at, d.superseded_at, d.starts_at) <> all (e.moments)
           or d.is_running and not c.is_open
           or d.rule is not null and d.due_at <> anze.term_end(d.starts_at, r.value, r.unit)
           or d.rule is null and anze.day_of(d.due_at - interval '1 second')::text not in (
                select e.content ->> 'due_on' from anze.case_event e where e.case_id = c.id and e.content ? 'due_on'
                union all select c.facts ->> 'review_by')
    """) == []


def test_the_tailings_pond_was_late_twice_taken_over_stopped_put_right_and_struck_off(rows):
    (case, state, level, facts), = rows("select id, state, level, facts from anze.case_file where kind = 'listed_supervision' and not is_open")
    assert (state, level, facts["late_count"], facts["is_stopped"]) == ("closed", 4, 2, False)
    assert [late["due_on"] for late in facts["late"]] == sorted(late["due_on"] for late in facts["late"])
    noted = rows("select anze.instant(at), anze.day_of(at)::text from anze.case_event where case_id = %s and action = 'note_lateness'"
                 " order by number", case)
    assert [late["noted_at"] for late in facts["late"]] == [at for at, _ in noted]
    assert all(late["due_on"] < day for late, (_, day) in zip(facts["late"], noted))
    taken = [action for action, in rows("select action from anze.case_event where case_id = %s order by number", case)]
    story = ["opened", "approve", "issue_notice", "file_upward", "publish", "file_plan", "note_lateness", "upgrade", "file_upward",
             "republish", "note_lateness", "order_stop", "ask_review", "pass_review", "strike_off", "publish_removal"]
    assert [action for action in taken if action in story] == story
    assert rows("select count(*) from anze.deadline where subject_id = %s and (met_at > due_at or superseded_at > due_at)", case) == [(4,)]


def test_the_papers_of_listed_cases_are_files_that_are_complete_and_no_younger_than_their_step(rows):
    papers = rows("""
        select p.paper ->> 'kind', f.state, f.created_at < e.at and f.completed_at <= e.at, f.sha256 = encode(sha256(k.data), 'hex')
        from anze.case_file c join anze.case_event e on e.case_id = c.id cross join jsonb_array_elements(e.evidence) p(paper)
        left join anze.file f on f.id = (p.paper ->> 'file_id')::uuid left join anze.file_chunk k on k.content_id = f.content_id
        where c.kind = 'listed_supervision' and e.number > 1""")
    assert {kind for kind, *_ in papers} >= {"notice", "plan", "record", "document", "minutes", "report", "photo"}
    assert {tuple(found) for kind, *found in papers if kind != "photo"} == {("complete", True, True)}


def test_one_listed_case_is_open_published_and_owes_a_report_of_progress(rows):
    assert rows("select is_public, facts ->> 'published_on' is not null from anze.case_file where kind = 'listed_supervision' and is_open"
                ) == [(True, True)]
    assert rows("select d.clock from anze.deadline d join anze.case_file c on c.id = d.subject_id"
                " where c.kind = 'listed_supervision' and d.is_running and d.due_at < now()") == [("progress",)]


def test_the_map_of_risks_has_every_colour(rows):
    assert {colour for colour, in rows("select distinct colour from anze.risk_point where lon is not null")} == {
        "red", "orange", "yellow", "blue"}


# What each table of sums has, counted from the rows themselves: the figures by all other columns of its key.
COUNTED = {
    "duty_tally": """
        select duty, clause, period, period_end, missed_from, region_code, coalesce(sector, ''), unit_kind, count(*),
            count(*) filter (where state = 'done'), count(*) filter (where state = 'done_late'), count(*) filter (where state = 'excused')
        from anze.obligation where state <> 'withdrawn' group by 1, 2, 3, 4, 5, 6, 7, 8""",
    "hazard_tally": """
        select s.begins_on, s.ends_on, h.region_code, coalesce(h.sector, ''), coalesce(h.criterion, ''),
            case when h.late_on >= s.ends_on then 'infinity' when h.late_on < anze.today() then '-infinity' else h.late_on end,
            count(*), count(*) filter (where h.severity = 'major'), count(*) filter (where anze.day_of(h.closed_at) < s.ends_on),
            count(*) filter (where h.severity = 'major' and anze.day_of(h.closed_at) < s.ends_on), count(*) filter (where h.recurrences > 0)
        from (select x.*, case when x.closed_at is null or anze.day_of(x.closed_at) > x.due_on then coalesce(x.due_on, 'infinity')
                          else 'infinity' end as late_on from anze.hazard x) h
        cross join lateral anze.hazard_spans(anze.day_of(h.found_at)) s
        where h.merged_into is null and h.state <> 'dismissed' group by 1, 2, 3, 4, 5, 6""",
    "risk_tally": """
        select region_code, coalesce(sector, ''), count(*) filter (where rank = 0), count(*) filter (where rank = 1),
            count(*) filter (where rank = 2), count(*) filter (where rank = 3), count(*) filter (where rank = 4)
        from anze.risk_point where ended_on is null group by 1, 2""",
}
SUMS = {"duty_tally": "duty, clause, period, period_end, missed_from, region_code, sector, unit_kind, owed, done, done_late, excused",
        "hazard_tally": "begins_on, ends_on, region_code, sector, criterion, late_on, found, major, rectified, major_rectified, recurrent",
        "risk_tally": "region_code, sector, red, orange, yellow, blue, not_assessed"}


def test_every_table_of_sums_has_what_its_rows_come_to(city, rows):
    """Sums are written by triggers and folded; none may be laid beside the rows that it counts. A new one has its count here."""
    named = {name for name, in rows("select c.relname from pg_class c where c.relnamespace = 'anze'::regnamespace and c.relkind in ('r', 'p')"
                                    " and c.relname like '%%\\_tally'")}
    assert named == set(COUNTED) == set(SUMS)
    with city.owner(autocommit=True) as owner:
        for _ in range(100):
            if not any(owner.execute(f"select anze.{step}(5000)").fetchone()[0] for step in ("fold_tally", "fold_hazards", "fold_risks")):
                break
    for table, count in COUNTED.items():
        assert rows(f"select count(*) from anze.{table}_delta") == [(0,)], f"{table} is folded"
        kept, counted = f"select {SUMS[table]} from anze.{table}", count
        assert rows(f"select 'kept', * from (({kept}) except ({counted})) k union all"
                    f" select 'counted', * from (({counted}) except ({kept})) c limit 5") == [], table
        assert rows(f"select count(*) from anze.{table}")[0][0] > 0, table
    assert rows("""select t.id from anze.duty_tally t where (t.owed, t.done, t.done_late, t.excused) is distinct from (
        select (sum(c.owed), sum(c.done), sum(c.done_late), sum(c.excused)) from anze.duty_change c where c.tally = t.id) limit 5""") == []


@pytest.mark.parametrize("year", [0, 1], ids=["this year", "last year"])
def test_figures_by_region_and_by_unit_are_of_the_same_hazards(city, rows, year):
    (period,), = rows("select (extract(year from anze.today()) - %s)::text", year)
    figures = {}
    for group in ("all", "region", "unit"):
        text, values = expand("hazards/listHazardStatistics", {"period": period, "group_by": group, "limit": "100", "scope_city": "1506"})
        with city.service(reach="region", region="1506", scopes="hazards:read") as service:
            service.execute(f"prepare asked as {text}")
            (items, _), = service.execute(sql.SQL("execute asked ({})").format(sql.SQL(", ").join(map(sql.Literal, values)))).fetchall()
        figures[group] = [sum(i[name] for i in json.loads(items)) for name in ("found", "major", "rectified", "overdue", "recurrent")]
    assert figures["all"] == figures["region"] == figures["unit"] and figures["all"][0] > 0
    assert figures["all"][2] > figures["all"][0] / 2, "most of what was found was put right"


def test_the_league_has_hazards_and_what_is_listed_as_their_rows_count(city, rows):
    """Counted once more, one row after the other, of each quarter of the story."""
    shown = 0
    for period, first, after in rows("""
            select to_char(q, 'YYYY"-Q"Q'), q::date, (q + interval '3 months')::date
            from generate_series(date_trunc('quarter', now() - interval '24 months'), now(), interval '3 months') q"""):
        counted = dict(rows("""
            select left(region_code, 6), jsonb_build_object('found', count(*), 'major', count(*) filter (where severity = 'major'),
                'rectified', count(*) filter (where closed_on < %(after)s),
                'rectified_in_time', count(*) filter (where closed_on < %(after)s and not is_late), 'overdue', count(*) filter (where is_late))
            from (select h.*, anze.day_of(h.closed_at) as closed_on, coalesce(h.due_on < least(%(after)s, anze.today())
                      and (h.closed_at is null or anze.day_of(h.closed_at) > h.due_on), false) as is_late from anze.hazard h
                  where h.merged_into is null and h.state <> 'dismissed'
                      and anze.day_of(h.found_at) >= %(first)s and anze.day_of(h.found_at) < %(after)s) h
            group by 1""".replace("%(after)s", f"date '{after}'").replace("%(first)s", f"date '{first}'")))
        listed = dict(rows("select left(region_code, 6), jsonb_build_object('open', count(*), 'late', count(*) filter (where due_at <= now()))"
                           " from anze.case_file where kind = 'listed_supervision' and is_open and not withheld_from_unit group by 1"))
        text, values = expand("duties/getLeagueTable", {"period": period, "scope_city": "1506"})
        with city.service(reach="region", region="1506", scopes="duties:read hazards:read") as service:
            service.execute(f"prepare asked as {text}")
            table = json.loads(service.execute(sql.SQL("execute asked ({})").format(sql.SQL(", ").join(map(sql.Literal, values)))).fetchone()[0])
        assert {c["region_code"]: c["hazards"] for c in table["counties"] if c["hazards"]["found"]} == counted, period
        assert {c["region_code"]: c["listed"] for c in table["counties"] if c["listed"]["open"]} == listed, period
        assert all("accidents" not in c for c in table["counties"]), "without accidents:read"
        shown += sum(c["rectified_in_time"] for c in counted.values())
    assert shown > 20


def test_the_sweep_settles_over_it_and_tells_of_each_late_deadline_or_clock_once(city, rows):
    warnings = []
    with city.owner(autocommit=True) as owner:
        owner.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
        for _ in range(100):
            if not sweep_once(owner, 5000):
                break
        else:
            pytest.fail("the sweep never comes to rest")
    assert warnings == []
    late, told, twice = rows("""
        select (select count(*) from anze.deadline d where d.is_running and d.due_at <= now()),
            count(distinct n.subject_id) filter (where n.kind <> 'reminder'), count(*) - count(distinct n.subject_id)
        from anze.notice n where n.subject = 'case'""")[0]
    assert (told, twice) == (late, 0)
    assert 0 < late <= 10, "a city that is at work, not one that is drowned in warnings"
    assert rows("select count(*) from anze.notice where subject = 'accident'") == [(0,)], "it has no accidents of its own"
    assert rows("select count(*) from anze.unit_light where colour = 'green'")[0][0] > 0
