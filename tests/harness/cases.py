"""A small kind of case of the tests' own, with everything that a row can ask for, and cases put straight in."""
import copy
import json

from . import tree
from .owed import DAY, now

KIND = "test_matter"
UNIT = tree.enterprise("150622101", 1)
SUPERVISOR = tree.body("emergency", "150622")
COUNTY, CITY = 2, 3
LEVELS = ("unit", "town", "county", "city", "province", "nation")

RULES = (("TEST.CASE.HOURS", 24, "hour"), ("TEST.CASE.DAYS", 10, "day"), ("TEST.CASE.WORKDAYS", 3, "workday"),
         ("TEST.CASE.MONTHS", 1, "month"))

STATES = (("new", False, False), ("working", False, False), ("review", False, False), ("closed", True, True))

# code, states, rule, due_field, watched_by
CLOCKS = (
    ("answer", ["new"], "TEST.CASE.HOURS", None, "supervisor"),
    ("rectify", ["working"], None, "due_on", "unit"),
    ("review", ["review"], "TEST.CASE.DAYS", None, "supervisor"),
    ("progress", [], "TEST.CASE.WORKDAYS", None, "unit"),
    ("whole", ["new", "working", "review"], "TEST.CASE.MONTHS", None, "supervisor"),
)


def field(name: str, kind: str, required: bool = False, keep: bool = False, choices: list | None = None) -> dict:
    return {"name": name, "type": kind, "required": required, "keep": keep, "title_zh": f"字段{name}",
            "title_en": f"Field {name}", **({"choices": choices} if choices else {})}


EVERY_TYPE = [field(name, name) for name in ("text", "line", "date", "instant", "integer", "money", "boolean", "unit",
                                             "person")] + [field("choice", "choice", choices=["red", "blue"])]
ACTIONS = {
    "assign": dict(from_states=["new"], to_state="working", takers=["supervisor"], starts=["progress"],
                   fields=[field("due_on", "date", required=True, keep=True), field("note", "text")]),
    "report": dict(from_states=["working"], takers=["unit"], starts=["progress"], fields=EVERY_TYPE),
    "extend": dict(from_states=["working"], takers=[{"who": "supervisor", "posts": ["department_head"]}], minimum_level=2,
                   fields=[field("due_on", "date", required=True, keep=True)]),
    "finish": dict(from_states=["working"], to_state="review", takers=["unit"], stops=["progress"], evidence=["photo"],
                   fields=[field("result", "line", required=True, keep=True)]),
    "pass": dict(from_states=["review"], to_state="closed", takers=["supervisor", "office"],
                 other_than=["unit:finish", "assign"]),
    "fail": dict(from_states=["review"], to_state="working", takers=["supervisor"], fields=[field("why", "text", required=True)]),
    "take_over": dict(from_states=["new", "working", "review"], takers=["upper"], minimum_level=3,
                      effects=["test_take_over"]),
    "command": dict(from_states=["review"], takers=[{"who": "supervisor", "power": "order"}, {"who": "upper", "level": "province"}]),
    "lapse": dict(from_states=["new"], to_state="closed", takers=["system"]),
    "comment": dict(from_states=["new", "working", "review", "closed"], takers=["anyone"],
                    fields=[field("note", "text", required=True)]),
    "secret": dict(from_states=["working"], takers=["anyone"], scope="duties:decide"),
}


def document(kind: str = KIND, version: int = 1, in_force_from: str = "2000-01-01", actions: dict | None = None,
             states=STATES, clocks=CLOCKS) -> dict:
    """The kind as one document, as an administrator would send it."""
    return copy.deepcopy({
        "code": kind, "version": version, "in_force_from": in_force_from, "title_zh": "测试事项", "title_en": "Test matter",
        "initial_state": "new", "basis": {"instrument": "LAW-SAFETY", "article": "一", "confidence": "recalled-low"},
        "states": [{"code": code, "title_zh": f"状态{code}", "title_en": f"State {code}", "is_final": is_final,
                    "is_public": is_public} for code, is_final, is_public in states],
        "actions": [{"code": code, "title_zh": f"动作{code}", "title_en": f"Action {code}", "scope": "cases:act", **row,
                     **({"minimum_level": LEVELS[row["minimum_level"]]} if "minimum_level" in row else {})}
                    for code, row in (ACTIONS if actions is None else actions).items()],
        "clocks": [{"code": code, "title_zh": f"时限{code}", "title_en": f"Clock {code}", "states": running,
                    **({"rule": rule} if rule else {"due_field": due_field}), "watched_by": watched_by}
                   for code, running, rule, due_field, watched_by in clocks]})


def prepare(owner) -> None:
    """The rules and the effect that the test kinds name."""
    for code, value, unit in RULES:
        owner.execute("select anze.ship_rule(%s, 1, '2000-01-01', null, '测试', 'Test', %s, %s, 'LAW-SAFETY', '一',"
                      " 'recalled-low', null, null)", (code, value, unit))
    owner.execute("create or replace function anze.case_effect_test_take_over(c anze.case_file, e anze.case_event)"
                  " returns anze.case_file language plpgsql as $$ begin c.level := 3; c.supervisor_id := %s; return c; end $$"
                  % f"'{tree.body('emergency', '150600').id}'::uuid")
    owner.execute("insert into anze.case_hook (sort, code, title_zh, title_en) values ('effect', 'test_take_over', '接管', 'Take over')"
                  " on conflict do nothing")


def ship(owner, page: dict) -> str:
    owner.execute("select anze.ship_case_kind(%s)", (json.dumps(page),))
    return page["code"]


def install(owner, kind: str = KIND, **changes) -> str:
    prepare(owner)
    return ship(owner, document(kind, **changes))


def open_case(owner, *, kind: str = KIND, unit: tree.Unit = UNIT, supervisor: tree.Unit | None = SUPERVISOR,
              level: int = COUNTY, title: str = "测试事项一件", facts: dict | None = None) -> str:
    return owner.execute("select (anze.open_case(%s, %s, %s, %s::smallint, %s, %s, null, '{}', '[]')).id::text",
                         (kind, unit.id, supervisor.id if supervisor else None, level, title,
                          json.dumps(facts or {}))).fetchone()[0]


def day(days: int) -> str:
    """A day so many days from today, in China."""
    return str((now() + days * DAY + DAY / 3).date())
