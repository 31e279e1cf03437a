"""Ready bodies for risk points and their assessment, and sites that are major hazard sources."""
import uuid

from . import tree
from .duty_records import day

POINTS = "/v1/risk-points"
MEASURE = {"kind": "engineering", "text": "采用液压支架", "level": "company", "responsible": "总工程师"}


def point(**changes) -> dict:
    body = {"name": "回采工作面顶板", "place": "6号煤层东翼", "activity": "回采作业", "lon": 111.2143, "lat": 39.8612,
            "crs": "CGCS2000", **changes}
    return {name: value for name, value in body.items() if value is not None}


def lec(likelihood: float, exposure: float, consequence: float, **changes) -> dict:
    return {"assessed_on": day(), "method": "lec", "likelihood": likelihood, "exposure": exposure,
            "consequence": consequence, "harm": "冒顶片帮", "reason": "季度评估", "measures": [MEASURE], "assessor": "安全科",
            **changes}


def matrix(likelihood: int, severity: int, **changes) -> dict:
    return {"assessed_on": day(), "method": "matrix", "likelihood": likelihood, "severity": severity, "harm": "机械伤害",
            "reason": "季度评估", "measures": [MEASURE], "assessor": "安全科", **changes}


def register(client, **changes) -> dict:
    answer = client.post(POINTS, json=point(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def assess(client, risk_point: dict, assessment: dict) -> dict:
    answer = client.post(f"{POINTS}/{risk_point['id']}/assessments", json=assessment, if_match=str(risk_point["version"]))
    assert answer.status_code == 201, answer.text
    return answer.json()


def source(owner, enterprise: tree.Unit, name: str = "液氨罐区") -> str:
    """A site of the enterprise that is a major hazard source; its id."""
    identity = str(uuid.uuid4())
    owner.execute("insert into anze.unit (id, kind, name, region_code, sector, site_kind, accountable_to)"
                  " values (%s, 'site', %s, %s, %s, 'major_hazard_source', %s)",
                  (identity, name, enterprise.region_code, enterprise.sector, enterprise.id))
    return identity
