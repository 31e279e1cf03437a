"""The units and regions that access tests stand on.

    城市 150600 -> three counties -> two towns each -> three enterprises each, with the bodies of city and counties,
    and a foreign city 150100 with one county, one town and three enterprises.

Ids are derived from what they name, so a test says `enterprise("150622101", 1).id` and needs no look-up.
"""
import uuid
from dataclasses import dataclass, field

from .credit_code import credit_code

CITY, FOREIGN_CITY = "150600", "150100"
COUNTIES = ("150602", "150621", "150622")
TOWNS = {
    "150602": ("150602001", "150602002"),
    "150621": ("150621100", "150621101"),
    "150622": ("150622100", "150622101"),
    "150102": ("150102001",),
}
FOREIGN_COUNTY, FOREIGN_TOWN = "150102", "150102001"

REGIONS = (
    ("150000", "内蒙古自治区", None),
    ("150600", "鄂尔多斯市", "150000"),
    ("150602", "东胜区", "150600"),
    ("150602001", "交通街道", "150602"),
    ("150602002", "公园街道", "150602"),
    ("150621", "达拉特旗", "150600"),
    ("150621100", "树林召镇", "150621"),
    ("150621101", "吉格斯太镇", "150621"),
    ("150622", "准格尔旗", "150600"),
    ("150622100", "薛家湾镇", "150622"),
    ("150622101", "沙圪堵镇", "150622"),
    ("150100", "呼和浩特市", "150000"),
    ("150102", "新城区", "150100"),
    ("150102001", "海拉尔东路街道", "150102"),
)

# The sector of the first, second and third enterprise of every town.
SECTORS = ("coal", "hazardous_chemicals", "road_traffic")


@dataclass(frozen=True)
class Unit:
    id: str
    kind: str
    name: str
    region_code: str
    credit_code: str | None = None
    sector: str | None = None
    level: str | None = None
    supervision_role: str | None = None
    supervised_sectors: tuple[str, ...] = field(default=())
    accountable_to: str | None = None

    @property
    def county(self) -> str:
        return self.region_code[:6]


def unit_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:anze:test:{name}"))


def _bodies(region: str, level: str, superior: str | None) -> list[Unit]:
    government = unit_id(f"government {region}")
    return [
        Unit(government, "government", f"{region}人民政府", region, level=level, accountable_to=superior),
        Unit(unit_id(f"emergency {region}"), "department", f"{region}应急管理局", region, level=level,
             supervision_role="comprehensive", accountable_to=government),
        Unit(unit_id(f"coal {region}"), "department", f"{region}能源局", region, level=level,
             supervision_role="sector", supervised_sectors=("coal",), accountable_to=government),
        Unit(unit_id(f"office {region}"), "safety_office", f"{region}安委会办公室", region, level=level,
             accountable_to=government),
    ]


def _enterprises(town: str) -> list[Unit]:
    return [
        Unit(unit_id(f"enterprise {town} {n}"), "enterprise", f"{town}第{n}示例公司", town,
             credit_code=credit_code(int(town[4:]) * 10 + n, town[:6]), sector=SECTORS[n - 1],
             accountable_to=unit_id(f"government {town[:6]}"))
        for n in (1, 2, 3)
    ]


def _all() -> dict[str, Unit]:
    units: list[Unit] = []
    for city in (CITY, FOREIGN_CITY):
        units += _bodies(city, "city", None)
    for county, towns in TOWNS.items():
        units += _bodies(county, "county", unit_id(f"government {county[:4]}00"))
        for town in towns:
            units += _enterprises(town)
    return {unit.id: unit for unit in units}


UNITS = _all()
ENTERPRISES = [u for u in UNITS.values() if u.kind == "enterprise"]


def enterprise(town: str, number: int) -> Unit:
    return UNITS[unit_id(f"enterprise {town} {number}")]


def body(kind: str, region: str) -> Unit:
    """`kind`: government, emergency, coal or office."""
    return UNITS[unit_id(f"{kind} {region}")]
