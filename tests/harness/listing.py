"""Listed cases for tests: who takes part, what each step asks for, and time that goes by for one case."""
import json
import uuid

from . import tree
from .cases import day

MINE = tree.enterprise("150622101", 1)
COUNTY, CITY_OFFICE = tree.body("emergency", "150622"), tree.body("office", "150600")
PROVINCE_OFFICE = tree.Unit(tree.unit_id("office 150000"), "safety_office", "自治区安委会办公室", "150000", level="province")
# It may order, which an office cannot.
PROVINCE_BUREAU = tree.Unit(tree.unit_id("emergency 150000"), "department", "自治区应急管理厅", "150000", level="province")
# It may close an enterprise down, which a department cannot.
CITY_GOVERNMENT = tree.body("government", "150600")
SCOPES = ["cases:read", "cases:act", "hazards:read", "hazards:report", "hazards:handle"]
# Who takes part: unit and region of the token.
PARTIES = {
    "unit": {"unit": MINE.id}, "county": {"unit": COUNTY.id, "region": "150622"},
    "city": {"unit": CITY_OFFICE.id, "region": "1506"}, "province": {"unit": PROVINCE_OFFICE.id, "region": "15"},
    "bureau": {"unit": PROVINCE_BUREAU.id, "region": "15"}, "government": {"unit": CITY_GOVERNMENT.id, "region": "1506"},
}
DECIDERS = {"city": CITY_OFFICE, "province": PROVINCE_OFFICE, "bureau": PROVINCE_BUREAU, "government": CITY_GOVERNMENT}
PLAN = {name: "按方案治理。" for name in ("goals", "methods", "funds", "organisation", "timetable", "safety_measures")}


def proposal(**changes) -> dict:
    body = {"unit_id": MINE.id, "level": "city", "category": "tailings_pond_above_people", "title": "示范尾矿库排洪系统堵塞",
            "place": "西沟尾矿库", "matter": "排洪隧洞被淤砂堵塞，坝下有村庄。", "grounds": "下游37户村民，旗区难以按期消除。", **changes}
    return {name: value for name, value in body.items() if value is not None}


def papers(*kinds: str) -> list[dict]:
    return [{"kind": kind} for kind in kinds]


def notice(due_on: str, supervisor: str = COUNTY.id) -> dict:
    return {"document_number": "鄂安委督〔2026〕3号", "requirements": "疏通排洪系统，恢复设计排洪能力。",
            "removal_procedure": "谁督办谁核查，核查合格后解除。", "leader": "副市长 王某", "supervisor_id": supervisor, "due_on": due_on}


def found_province_office(owner) -> None:
    """The office and the department of the province, which tree.py lacks."""
    for unit in (PROVINCE_OFFICE, PROVINCE_BUREAU):
        owner.execute("insert into anze.unit (id, kind, name, region_code, level, supervision_role) values"
                      " (%s, %s, %s, %s, %s, %s) on conflict (id) do nothing", (
                          unit.id, unit.kind, unit.name, unit.region_code, unit.level,
                          "comprehensive" if unit is PROVINCE_BUREAU else None))


def cast(owner) -> dict[str, str]:
    """The office of the province, and a director of each office: person ids by party."""
    found_province_office(owner)
    persons = {}
    for party, body in DECIDERS.items():
        persons[party] = str(uuid.uuid4())
        owner.execute("insert into anze.person (id, unit_id, name, region_code, is_body) values (%s, %s, %s, %s, true)",
                      (persons[party], body.id, f"{party}主任", body.region_code))
        owner.execute("delete from anze.appointment where unit_id = %s and post = 'office_director'", (body.id,))
        owner.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, is_body)"
                      " values (%s, %s, 'office_director', '[2020-01-01,)', %s, true)",
                      (persons[party], body.id, body.region_code))
    return persons


def hazard_case(owner, severity: str | None = "major", unit: tree.Unit = MINE) -> str:
    """A hazard as its case alone, supervised by the county."""
    return owner.execute("select (anze.open_case('hazard', %s, %s, 2::smallint, '尾矿库排洪隧洞堵塞', %s, null, '{}', '[]')).id::text",
                         (unit.id, COUNTY.id, json.dumps({"severity": severity} if severity else {}))).fetchone()[0]


def pass_days(owner, case: str, days: int) -> None:
    """As if so many days had gone by for this case: everything about it lies further back."""
    values = {"case": case, "days": days}
    owner.execute(
        "update anze.case_file set opened_at = opened_at - %(days)s * interval '1 day',"
        " state_since = state_since - %(days)s * interval '1 day', updated_at = updated_at - %(days)s * interval '1 day',"
        " due_at = due_at - %(days)s * interval '1 day', facts = facts || coalesce((select jsonb_object_agg(f.key,"
        " (f.value::date - %(days)s)::text) from jsonb_each_text(facts) f where f.key in ('due_on', 'listed_on',"
        " 'published_on', 'suspended_on', 'resume_by',"
        " 'refile_by', 'republish_by')), '{}') where id = %(case)s", values)
    owner.execute("alter table anze.case_event disable trigger append_only")
    owner.execute("update anze.case_event set at = at - %(days)s * interval '1 day' where case_id = %(case)s", values)
    owner.execute("alter table anze.case_event enable trigger append_only")
    owner.execute(
        "update anze.deadline set starts_at = starts_at - %(days)s * interval '1 day', due_at = due_at - %(days)s *"
        " interval '1 day', met_at = met_at - %(days)s * interval '1 day', superseded_at = superseded_at - %(days)s *"
        " interval '1 day' where subject_id = %(case)s", values)


class Hands:
    """Steps taken within one transaction of the owner, each as one of the parties; what a refusal undid is undone."""

    def __init__(self, owner) -> None:
        self.owner, self.persons = owner, cast(owner)

    def speak_as(self, party: str, actor: str | None = None) -> None:
        grant = PARTIES[party]
        for name, value in {"reach": "region" if "region" in grant else "unit", "region": grant.get("region", ""),
                            "unit": grant["unit"], "on_behalf_of": grant["unit"], "actor": actor or f"{party}-1",
                            "scopes": " ".join(SCOPES), "sectors": ""}.items():
            self.owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))

    def propose(self, party: str = "county", **changes) -> str:
        self.speak_as(party)
        location = self.owner.execute("select location from anze.propose_listing(%s)",
                                      (json.dumps(proposal(**changes)),)).fetchone()[0]
        return location.rpartition("/")[2]

    def act(self, case: str, party: str, action: str, fields: dict | None = None, evidence: list | None = None,
            actor: str | None = None) -> dict:
        """The case as it is after the step."""
        self.speak_as(party, actor)
        with self.owner.transaction():
            return self.owner.execute("select to_jsonb(anze.case_act(%s, %s, %s, %s))", (
                case, action, json.dumps(fields or {}), json.dumps(evidence or []))).fetchone()[0]

    def decided(self, party: str, **fields) -> dict:
        return {"person_id": self.persons[party], **fields}

    def listed(self, days: int = 60) -> str:
        """A case with its notice, due in so many days."""
        case = self.propose()
        self.act(case, "city", "approve", self.decided("city", opinion="同意"))
        self.act(case, "city", "issue_notice", notice(day(days)), papers("notice"))
        return case

    def rectifying(self, days: int = 60) -> str:
        case = self.listed(days)
        self.act(case, "city", "publish", {"published_on": day(0), "media": "市政府网站"})
        self.act(case, "unit", "file_plan", PLAN, papers("plan"))
        return case

    def clock(self, case: str, code: str) -> tuple | None:
        """(starts_at, due_at, owed_by) of the running clock."""
        return self.owner.execute("select starts_at, due_at, owed_by::text from anze.deadline"
                                  " where subject_id = %s and clock = %s and is_running", (case, code)).fetchone()
