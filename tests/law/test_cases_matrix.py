"""The rules of every kind of case, walked whole: each state x action x caller is allowed or refused as the rows declare.
What is expected is decided here, from the rows and from who the caller is, without the engine."""
import json
from dataclasses import dataclass

import psycopg
import pytest

from harness import cases, tree

OWN, OTHER = tree.enterprise("150622101", 1), tree.enterprise("150621100", 1)
BUREAU, CITY_BUREAU = tree.body("emergency", "150622"), tree.body("emergency", "150600")


@dataclass(frozen=True)
class Caller:
    level: int
    reach: str = "region"
    region: str | None = None
    unit: tree.Unit | None = None
    sectors: tuple = ()
    scopes: str | None = None  # None: every scope that an action names

    def context(self, every: set[str]) -> dict:
        found = {"reach": self.reach, "region": self.region, "unit": self.unit and self.unit.id, "actor": "matrix",
                 "sectors": "{%s}" % ",".join(self.sectors) if self.sectors else None,
                 "scopes": " ".join(sorted(every)) if self.scopes is None else self.scopes}
        return {name: value for name, value in found.items() if value}


CALLERS = {
    "the enterprise": Caller(0, "unit", unit=OWN),
    "another enterprise": Caller(0, "unit", unit=OTHER),
    "an officer of the town": Caller(1, region="150622101"),
    "the county's bureau": Caller(2, region="150622", unit=BUREAU),
    "the county's bureau as a unit": Caller(2, "unit", unit=BUREAU),
    "the county's energy bureau": Caller(2, region="150622", unit=tree.body("coal", "150622"), sectors=("coal",)),
    "the county's government as a unit": Caller(2, "unit", unit=tree.body("government", "150622")),
    "an officer of the county without a unit": Caller(2, region="150622"),
    "the county's safety office": Caller(2, region="150622", unit=tree.body("office", "150622")),
    "an officer of another county": Caller(2, region="150621"),
    "the city's bureau": Caller(3, region="1506", unit=CITY_BUREAU),
    "the city's safety office": Caller(3, region="1506", unit=tree.body("office", "150600")),
    "an officer of the city for chemicals": Caller(3, region="1506", sectors=("hazardous_chemicals",)),
    "an officer of another city": Caller(3, region="1501"),
    "an officer of the province": Caller(4, region="15"),
    "the county's bureau without scopes": Caller(2, region="150622", unit=BUREAU, scopes="cases:read"),
}
# Unit, supervisor, level.
SITUATIONS = {"county": (OWN, BUREAU, 2), "city": (OWN, CITY_BUREAU, 3), "unsupervised": (OWN, None, 1),
              "of a body": (tree.body("coal", "150622"), CITY_BUREAU, 3), "opened by the unit": (OWN, None, 2)}
OPENED_BY_THE_UNIT = SITUATIONS["opened by the unit"]


def prefix(region: str) -> str:
    return region[:2] if region.endswith("0000") else region[:4] if len(region) == 6 and region.endswith("00") else region


def answers_to(lower: tree.Unit, upper: tree.Unit) -> bool:
    while lower and lower.id != upper.id:
        lower = tree.UNITS.get(lower.accountable_to)
    return lower is not None


def sees(caller: Caller, unit: tree.Unit, supervisor: tree.Unit | None) -> bool:
    involved = [u for u in (unit, supervisor) if u]
    if caller.reach == "unit":
        return any(answers_to(u, caller.unit) for u in involved)
    return (unit.region_code.startswith(caller.region) and (not caller.sectors or unit.sector in caller.sectors)
            or caller.unit in involved)


def acts_for(caller: Caller, unit: tree.Unit | None) -> bool:
    if unit is None or caller.unit:
        return unit is not None and caller.unit == unit
    return (caller.reach == "region" and unit.kind != "enterprise" and prefix(unit.region_code) == caller.region
            and (not caller.sectors or bool(set(caller.sectors) & set(unit.supervised_sectors))))


def fits(caller: Caller, taker: str, unit: tree.Unit, supervisor: tree.Unit | None, level: int) -> bool:
    return {"unit": acts_for(caller, unit),
            "own": acts_for(caller, unit) and (unit, supervisor, level) == OPENED_BY_THE_UNIT,
            "supervisor": acts_for(caller, supervisor) or caller.level == level > 0 and not acts_for(caller, unit),
            "office": caller.level == level and caller.unit is not None and caller.unit.kind == "safety_office",
            "upper": caller.level > level, "anyone": True, "system": False}[taker]


# Who may by law; a committee's office only coordinates (国办发〔2024〕54号).
WHO_MAY = {"order": {"department", "government"}, "close": {"government"},
           "inspect": {"department", "government", "township", "management_zone", "chemical_park"}}
RANKS = {"county": 2, "province": 4}


def has_power(caller: Caller, power: str) -> bool:
    bodies = [caller.unit] if caller.unit else [u for u in tree.UNITS.values() if acts_for(caller, u)]
    return not bodies or any(body.kind in WHO_MAY[power] for body in bodies)


def allows(caller: Caller, taker, unit, supervisor, level: int) -> bool:
    """A taker is a name, or a name with what is asked of the caller besides."""
    asked = taker if isinstance(taker, dict) else {"who": taker}
    return (fits(caller, asked["who"], unit, supervisor, level)
            and ("power" not in asked or has_power(caller, asked["power"]))
            and ("level" not in asked or caller.level >= RANKS[asked["level"]]))


# What keeps an action from a case of which nothing has been said yet: no fact is there, and no clock runs.
REFUSING = {"listing_late", "listing_stopped", "listing_withheld", "listing_republished", "four_satisfied", "hazard_general"}
PASSING = {"listing_extensible", "listing_not_stopped", "listing_not_late_before", "hazard_governed", "hazard_not_listed"}


def is_kept(action: dict) -> bool:
    assert set(action["guards"]) <= REFUSING | PASSING, f"what does {action['guards']} say of a new case?"
    return not REFUSING.isdisjoint(action["guards"])


def may(caller: Caller, action: dict, unit, supervisor, level: int) -> bool:
    """Whether the caller, who sees the case, may take the action where the state allows it."""
    return (any(allows(caller, taker, unit, supervisor, level) for taker in action["takers"])
            and caller.level >= action["minimum_level"]
            and (caller.scopes is None or action["scope"] in caller.scopes.split()))


# Some ten thousand calls are made where they are answered: one trip for all actions of a caller on a case. SQLSTATE and
# what was said of each; nothing is kept. A field that no action has makes an allowed one end in AZ422.
OUTCOMES = """
    create function anze.outcomes_of(case_id uuid, actions text[]) returns jsonb language plpgsql as $$
    declare
        action text;
        code text;
        said text;
        found jsonb := '{}';
    begin
        foreach action in array actions loop
            begin
                perform anze.take_case_action(case_id, '1', jsonb_build_object('action', action, 'fields', '{"zzz": 1}'::jsonb));
                raise exception '{}' using errcode = 'DN000';
            exception
                when others then
                    get stacked diagnostics code = returned_sqlstate, said = message_text;
                    found := found || jsonb_build_object(action, jsonb_build_array(code,
                        case when code like 'AZ%' then said::jsonb else to_jsonb(said) end));
            end;
        end loop;
        return found;
    end
    $$;
    grant execute on function anze.outcomes_of(uuid, text[]) to anze_service"""


@pytest.fixture(scope="module")
def ruled(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.install(owner)
        owner.execute(OUTCOMES)
    return database


def rules_of(database) -> dict[tuple[str, int], tuple[list[str], list[dict]]]:
    with database.admin() as admin:
        found = {(kind, version): ([], []) for kind, version in admin.execute("select code, version from anze.case_kind")}
        for kind, version, code in admin.execute("select kind, version, code from anze.case_state order by place, code"):
            found[kind, version][0].append(code)
        for (row,) in admin.execute("select to_jsonb(a) from anze.case_action a order by a.place, a.code"):
            found[row["kind"], row["version"]][1].append(row)
    return found


def put(database, kind: str, version: int, state: str, unit, supervisor, level: int) -> str:
    with database.owner() as owner:
        return owner.execute(
            "insert into anze.case_file (kind, kind_version, state, level, unit_id, supervisor_id, title, region_code, sector,"
            " is_own) values (%s, %s, %s, %s, %s, %s, '矩阵', %s, %s, %s) returning id::text",
            (kind, version, state, level, unit.id, supervisor and supervisor.id, unit.region_code, unit.sector,
             (unit, supervisor, level) == OPENED_BY_THE_UNIT)).fetchone()[0]


def outcome(connection, statement: str, *values) -> tuple[str, dict]:
    """SQLSTATE and what was said, without keeping anything."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement, values)
    except psycopg.Error as error:
        return error.sqlstate, json.loads(error.diag.message_primary) if error.sqlstate.startswith("AZ") else {}
    return "done", {}


def expected(caller, action, state, situation) -> str:
    if not sees(caller, *situation[:2]):
        return "AZ404"
    if state not in action["from_states"]:
        return "AZ409"
    if not may(caller, action, *situation):
        return "AZ403"
    return "AZ409" if is_kept(action) else "AZ422"


def check_case(service, case: str, actions: list[dict], state: str, name: str, situation, told: str) -> set[str]:
    """What this caller is told of each action, and what the case offers; which outcomes there were."""
    caller = CALLERS[name]
    wanted = {a["code"]: expected(caller, a, state, situation) for a in actions}
    allowed = [code for code, found in wanted.items() if found == "AZ422"]
    outcomes = service.execute("select anze.outcomes_of(%s, %s)", (case, list(wanted))).fetchone()[0]
    for action, (code, said) in outcomes.items():
        place = f"{told}: {action} in {state} by {name}: {code} {said}"
        assert code == wanted[action], place
        if code == "AZ422":
            assert "/fields/zzz" in [fault["pointer"] for fault in said["faults"]], place
        if code == "AZ409":
            assert said["allowed"] == allowed, place
    shown = service.execute("select anze.case_json(c) from anze.case_file c where c.id = %s", (case,)).fetchone()
    assert (shown is not None) == sees(caller, *situation[:2]), f"{told}: {state} {name}"
    if shown:
        assert [a["action"] for a in shown[0]["actions"]] == allowed, f"{told}: {state} {name}"
    return {code for code, _ in outcomes.values()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_state_action_and_caller_as_the_rows_declare(ruled, situation):
    rules, seen = rules_of(ruled), set()
    every = {action["scope"] for _, actions in rules.values() for action in actions}
    opened = [(put(ruled, kind, version, state, *SITUATIONS[situation]), actions, state, f"{kind} {version}, {situation}")
              for (kind, version), (states, actions) in rules.items() for state in states]
    for name, caller in CALLERS.items():
        with ruled.service(**caller.context(every)) as service:
            for case, actions, state, told in opened:
                seen |= check_case(service, case, actions, state, name, SITUATIONS[situation], told)
    assert seen == {"AZ403", "AZ404", "AZ409", "AZ422"}, "each outcome happened"


def test_time_and_effects_take_only_what_the_rows_leave_to_them(ruled):
    for (kind, version), (states, actions) in rules_of(ruled).items():
        for state in states:
            case = put(ruled, kind, version, state, *SITUATIONS["county"])
            with ruled.owner() as owner:
                for action in actions:
                    code, _ = outcome(owner, "select anze.case_act(%s, %s, '{\"zzz\": 1}', '[]', true)", case, action["code"])
                    wanted = ("AZ409" if state not in action["from_states"] else
                              "AZ403" if "system" not in action["takers"] else "AZ409" if is_kept(action) else "AZ422")
                    assert code == wanted, f"{kind} {action['code']} in {state}"


def test_the_rows_of_every_kind_hold_together(ruled):
    """Nothing leads to what is not there: states, clocks, rules, scopes, posts, effects, fields; every state is reached."""
    with ruled.admin() as admin:
        value = lambda query: {row[0] for row in admin.execute(query)}  # noqa: E731
        posts, rules = value("select code from anze.post"), value("select code from anze.rule")
        effects = value("select proname from pg_proc where pronamespace = 'anze'::regnamespace and proname like 'case_effect_%'")
        guards = value("select proname from pg_proc where pronamespace = 'anze'::regnamespace and proname like 'case_guard_%'")
        kinds = {(k, v): initial for k, v, initial in admin.execute("select code, version, initial_state from anze.case_kind")}
        clocks = {}
        for (row,) in admin.execute("select to_jsonb(k) from anze.case_clock k"):
            clocks.setdefault((row["kind"], row["version"]), {})[row["code"]] = row
        final = set(admin.execute("select kind, version, code from anze.case_state where is_final"))
    for key, (states, actions) in rules_of(ruled).items():
        known = clocks.get(key, {})
        fields = {f["name"] for a in actions for f in a["fields"] if f.get("keep")}
        reached = {kinds[key]} | {a["to_state"] for a in actions if a["to_state"]}
        assert reached == set(states), f"{key}: states that are reached, and those that are there"
        assert any((*key, state) in final for state in states), f"{key}: has an end"
        for state in states:
            if (*key, state) not in final:
                assert any(state in a["from_states"] and (a["goes_back"] or a["to_state"] not in (None, state)) for a in actions), \
                    f"{key}: nothing leads out of {state}"
        codes = {a["code"] for a in actions}
        for action in actions:
            place = f"{key} {action['code']}"
            assert set(action["from_states"]) <= set(states) and action["from_states"], place
            assert set(action["starts"]) | set(action["stops"]) | set(action["overtakes"]) <= set(known), place
            assert {p for t in action["takers"] if isinstance(t, dict) for p in t.get("posts", [])} <= posts, place
            assert {o.removeprefix("unit:") for o in action["other_than"]} <= codes | {"opened"}, place
            assert {f"case_effect_{e}" for e in action["effects"]} <= effects, place
            assert {f"case_guard_{g}" for g in action["guards"]} <= guards, place
            assert all({"name", "type", "title_zh", "title_en"} <= set(f) for f in action["fields"]), place
        for clock in known.values():
            assert set(clock["states"]) <= set(states), f"{key} {clock['code']}"
            assert clock["rule"] is None or clock["rule"] in rules, f"{key} {clock['code']}"
            assert clock["states"] or any(clock["code"] in a["starts"] for a in actions), f"{key} {clock['code']} never starts"
        assert fields or not any(c["due_field"] for c in known.values()), key
