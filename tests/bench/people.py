#!/usr/bin/env python3
"""A whole city that does not exist, for `anze import`: regions, units, people, appointments, from a printed seed.

    tests/bench/people.py FOLDER [--seed 1] [--units 60000] [--people 400000] [--format csv|ndjson]

As a module: City(seed, units, people) gives .regions, .units, .people() and .appointments() as dicts by column."""
import argparse
import csv
import json
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from harness.credit_code import credit_code  # noqa: E402

CITY = "150600"
TOWNS_PER_COUNTY = 10
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志永春海东俊峰飞鹏宇浩博文斌辉健龙云玉兰凤洁梅琳素珍莉荣爱玲红婷巧慧晓雪莹颖宏宝庆林森鑫亮成康星光天达安岩中茂进有和彪诚先敬震振壮会思群豪心邦承乐绍功松善厚"
PLACES = "乌兰 巴音 哈拉 锡尼 布日 查干 吉日 图克 昂素 敖勒 呼吉 沙日 阿尔 塔拉 苏布 红庆 白泥 黑岱 羊市 榆树".split()
BRANDS = "恒泰 瑞丰 金盛 华远 鑫源 同德 广汇 宏业 盛达 众信 新天 泰和 永昌 嘉禾 北方 中誉 兴蒙 汇能 蒙西 易高".split()

# Of an enterprise: sector, share, word in its name, high-risk fields.
TRADES = (
    ("coal", 3, "煤业", "mine"), ("non_coal_mine", 1, "矿业", "mine"),
    ("hazardous_chemicals", 3, "化工", "hazardous_chemicals"), ("chemical", 3, "新材料", ""),
    ("fireworks", 1, "烟花爆竹", "fireworks"), ("metal_smelting", 1, "冶金", "metal_smelting"),
    ("construction", 10, "建筑工程", "construction"), ("road_traffic", 9, "运输", "transport"),
    ("gas", 2, "燃气", ""), ("industry_trade", 30, "工贸", ""), ("electricity", 3, "电力", ""),
    ("special_equipment", 4, "设备", ""), ("tourism", 6, "文化旅游", ""), ("commerce", 18, "商贸", ""),
    ("logistics", 6, "物流", ""))
# Of city and counties: name, role, sectors.
DEPARTMENTS = (
    ("应急管理局", "comprehensive", ""), ("能源局", "sector", "coal;electricity;oil_gas_pipeline"),
    ("自然资源局", "sector", "non_coal_mine"), ("工业和信息化局", "sector", "chemical;civil_explosives;metal_smelting"),
    ("住房和城乡建设局", "sector", "construction;gas;municipal_works"), ("交通运输局", "sector", "road_traffic;logistics"),
    ("市场监督管理局", "sector", "special_equipment"), ("商务局", "sector", "commerce"),
    ("文化和旅游局", "sector", "tourism;sports"), ("教育局", "sector", "education"), ("卫生健康委员会", "sector", "health"),
    ("农牧局", "sector", "agriculture"), ("林业和草原局", "sector", "forestry"), ("水利局", "sector", "water_works"),
    ("消防救援支队", "sector", "fire"))
# Who holds posts, by kind of unit (of sites by their kind): one tuple of posts a person.
HOLDERS = {
    "party_committee": [("party_head",), *[("party_standing_member",)] * 6],
    "government": [("government_head",), ("government_safety_leader",), *[("government_leader",)] * 4],
    "department": [("department_head",), ("department_executive_deputy",), ("department_safety_deputy",),
                   *[("department_deputy",)] * 2, *[("enforcement_officer",)] * 8],
    "safety_committee": [],  # the government's leaders
    "safety_office": [("office_director",), ("office_deputy_director",), *[("safety_supervisor",)] * 2],
    "section": [("section_head",), *[("safety_supervisor",)] * 3],
    "township": [("government_head",), ("government_safety_leader",), *[("government_leader",)] * 2,
                 *[("enforcement_officer",)] * 3, ("safety_supervisor",)],
    "chemical_park": [("park_head",), *[("park_leader",)] * 2, *[("enforcement_officer",)] * 2],
    "management_zone": [("park_head",), *[("park_leader",)] * 2],
    "enterprise_group": [("legal_representative", "principal"), ("safety_leader",), *[("safety_manager",)] * 2],
    "agency": [("legal_representative", "principal"), ("safety_manager",)],
    "enterprise": [("legal_representative", "actual_controller", "principal"), ("safety_manager",)],
    "mine": [("mine_manager",), ("mine_chief_engineer",), ("mine_safety_deputy",), ("mine_production_deputy",),
             ("mine_electromechanical_deputy",), ("team_leader",)],
    "tailings_pond": [("principal",), ("safety_manager",)],
    "major_hazard_source": [("hazard_source_principal",), ("hazard_source_technical",), ("hazard_source_operational",)],
    "construction_site": [("principal",), ("safety_manager",)],
}
FURTHER = (("safety_leader",), ("workshop_head",), ("team_leader",), ("front_line",))  # of enterprises, as people allow
QUALIFICATIONS = {"safety_manager": "safety_certificate", "enforcement_officer": "law_examination;enforcement_certificate",
                  "office_deputy_director": "safety_education", "department_executive_deputy": "safety_experience",
                  "safety_supervisor": "safety_education"}
LEADERS = {"government_head", "government_safety_leader", "department_head", "principal", "safety_manager", "park_head"}


class City:
    def __init__(self, seed: int = 1, units: int = 60000, people: int = 400000) -> None:
        self.seed, self.n_people = seed, people
        self.regions = self._regions()
        self.names = {r["code"]: r["name"] for r in self.regions}
        self.counties = [code for code in self.names if code.startswith(CITY[:4]) and len(code) == 6 and code != CITY]
        self.towns = [code for code in self.names if code.startswith(CITY[:4]) and len(code) == 9]
        self.units: list[dict] = []
        self._bodies()
        self._businesses(max(units - len(self.units), 0))

    def _random(self, *parts) -> random.Random:
        return random.Random(":".join(map(str, (self.seed, *parts))))

    def _regions(self) -> list[dict]:
        with open(ROOT / "deploy/demo-regions.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for county in [r["code"] for r in rows if r["parent"] == CITY]:
            known = {r["code"] for r in rows if r["parent"] == county}
            number = 199
            while len(known) < TOWNS_PER_COUNTY:
                number += 1
                code = f"{county}{number}"
                known.add(code)
                rows.append({"code": code, "name": f"{PLACES[(int(county) + number) % len(PLACES)]}{'苏木' if number % 3 else '镇'}",
                             "parent": county})
        return rows

    def _add(self, kind: str, name: str, region: str, superior: str = "", **more) -> str:
        number = len(self.units) + 1
        authority = "91" if kind.startswith("enterprise") else "52" if kind == "agency" else "11"
        has_credit_code = kind not in ("section", "site", "safety_committee", "safety_office")
        unit = {"code": f"{region[:6]}.{number:06d}", "kind": kind, "name": name, "region_code": region,
                "credit_code": credit_code(1_000_000 + number, region[:6], authority) if has_credit_code else "",
                "accountable_to": superior, "opened_on": "2000-01-01", "sector": "", "level": "", "supervision_role": "",
                "supervised_sectors": "", "group": "", "zone": "", "risk_class": "", "site_kind": "", "high_risk": "",
                **more}
        self.units.append(unit)
        return unit["code"]

    def _bodies(self) -> None:
        self.government: dict[str, str] = {}
        self.zones: dict[str, list[str]] = {}
        for region in [CITY, *self.counties]:
            level, name = "city" if region == CITY else "county", self.names[region]
            party = self._add("party_committee", f"中共{name}委员会", region, self.government.get("party", ""), level=level)
            self.government.setdefault("party", party)
            top = self._add("government", f"{name}人民政府", region, self.government.get(CITY, ""), level=level)
            self.government[region] = top
            self._add("safety_committee", f"{name}安全生产委员会", region, top, level=level)
            office = self._add("safety_office", f"{name}安全生产委员会办公室", region, self.units[-1]["code"], level=level)
            for section in ("综合科", "督查科"):
                self._add("section", f"{name}安委会办公室{section}", region, office, level=level)
            for title, role, sectors in DEPARTMENTS:
                self._add("department", f"{name}{title}", region, top, level=level, supervision_role=role,
                          supervised_sectors=sectors)
            if region != CITY:
                self.zones[region] = [self._add("chemical_park", f"{name}化工园区管理委员会", region, top, level=level),
                                      self._add("management_zone", f"{name}经济开发区管理委员会", region, top, level=level)]
        for town in self.towns:
            self.government[town] = self._add("township", f"{self.names[town]}人民政府", town,
                                              self.government[town[:6]], level="town")

    def _businesses(self, n: int) -> None:
        groups: list[str] = []
        for i in range(n):
            rng = self._random("unit", i)
            town = rng.choice(self.towns)
            name = f"{self.names[town[:6]]}{rng.choice(BRANDS)}{rng.choice(GIVEN)}"
            if i < n // 1000:
                groups.append(self._add("enterprise_group", f"{name}集团有限公司", town, self.government[town[:6]]))
                continue
            if rng.random() < 0.003:
                self._add("agency", f"{name}安全技术服务中心", town, self.government[town[:6]], opened_on=_day(rng, 2001, 2018))
                continue
            last = self.units[-1]
            if last["kind"] == "enterprise" and last["high_risk"] and rng.random() < 0.5:
                kind = {"mine": "mine", "hazardous_chemicals": "major_hazard_source", "construction": "construction_site",
                        "metal_smelting": "tailings_pond"}.get(last["high_risk"])
                if kind:
                    self._add("site", f"{last['name']}{ {'mine': '一号井', 'major_hazard_source': '储罐区', 'construction_site': '一期工地', 'tailings_pond': '尾矿库'}[kind] }",
                              last["region_code"], last["code"], site_kind=kind, sector=last["sector"],
                              high_risk=last["high_risk"], risk_class=rng.choice(["red", "orange"]))
                    continue
            self._enterprise(rng, name, town, groups)

    def _enterprise(self, rng: random.Random, name: str, town: str, groups: list[str]) -> None:
        sector, _, word, high_risk = rng.choices(TRADES, [t[1] for t in TRADES])[0]
        zones = self.zones[town[:6]]
        self._add("enterprise", f"{name}{word}有限责任公司", town, self.government[town], sector=sector, high_risk=high_risk,
                  risk_class=rng.choices(["red", "orange", "yellow", "blue"],
                                         [4, 4, 2, 1] if high_risk else [1, 3, 8, 20])[0],
                  group=rng.choice(groups) if groups and rng.random() < 0.05 else "",
                  zone=zones[sector != "chemical"] if rng.random() < 0.06 else "", opened_on=_day(rng, 2001, 2018))

    def _holders(self) -> Iterator[tuple[dict, str, tuple[str, ...]]]:
        """Unit, staff number, posts of each person. Enterprises share what is left of the number of people."""
        fixed = sum(len(HOLDERS[u["site_kind"] or u["kind"]]) for u in self.units)
        enterprises = sum(u["kind"] == "enterprise" for u in self.units)
        further = max(self.n_people - fixed, 0) / max(enterprises, 1)
        due = given = 0.0
        for unit in self.units:
            holders = list(HOLDERS[unit["site_kind"] or unit["kind"]])
            if unit["kind"] == "enterprise":
                due += further
                n = round(due - given)
                given += n
                holders += [FURTHER[min(i, len(FURTHER) - 1)] for i in range(n)]
            for i, posts in enumerate(holders):
                yield unit, f"{i + 1:04d}", posts

    def people(self) -> Iterator[dict]:
        for n, (unit, code, posts) in enumerate(self._holders()):
            rng = self._random("person", n)
            yield {"unit": unit["code"], "code": code,
                   "name": rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2)))),
                   "phone": f"1{rng.choice('3578')}{rng.randrange(10**9):09d}" if rng.random() < 0.8 else "",
                   "qualifications": QUALIFICATIONS.get(posts[0], "") if rng.random() < 0.85 else ""}

    def appointments(self) -> Iterator[dict]:
        above = {u["code"]: u for u in self.units}
        committee_of = {u["accountable_to"]: u["code"] for u in self.units if u["kind"] == "safety_committee"}
        party_of = {u["region_code"]: u["code"] for u in self.units if u["kind"] == "party_committee"}
        for n, (unit, code, posts) in enumerate(self._holders()):
            rng = self._random("held", n)
            held_from = max(_day(rng, 2019, 2024), unit["opened_on"])
            for post in posts:
                yield self._appointment(unit, code, unit["code"], post, held_from, n)
            if posts[0] == "government_head" and unit["code"] in committee_of:
                yield self._appointment(unit, code, committee_of[unit["code"]], "committee_director", held_from, n)
            if posts[0] == "government_safety_leader" and unit["code"] in committee_of:
                yield self._appointment(unit, code, committee_of[unit["code"]], "committee_deputy_director", held_from, n)
                yield self._appointment(unit, code, party_of[above[unit["code"]]["region_code"]], "party_standing_member",
                                        held_from, n)

    @staticmethod
    def _appointment(keeper: dict, code: str, unit: str, post: str, held_from: str, n: int) -> dict:
        return {"person_unit": keeper["code"], "person_code": code, "unit": unit, "post": post, "held_from": held_from,
                "held_until": "", "document_number": f"任字〔{held_from[:4]}〕{n % 900 + 1}号" if post in LEADERS else "",
                "portfolio": keeper["sector"] if post == "safety_leader" else "",
                "is_full_time": "true" if post in ("office_deputy_director", "safety_supervisor") else "false"}


def _day(rng: random.Random, first_year: int, last_year: int) -> str:
    return (date(first_year, 1, 1) + timedelta(days=rng.randrange(365 * (last_year - first_year + 1)))).isoformat()


def write(path: Path, rows, form: str) -> int:
    """The rows as CSV or NDJSON; how many. Lists are written in the way of each."""
    n = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = None
        for n, row in enumerate(rows, 1):
            if form == "ndjson":
                file.write(json.dumps({k: v.split(";") if ";" in v else v or None for k, v in row.items()},
                                      ensure_ascii=False) + "\n")
                continue
            if table is None:
                table = csv.DictWriter(file, list(row), lineterminator="\n")
                table.writeheader()
            table.writerow(row)
    return n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--units", type=int, default=60000)
    parser.add_argument("--people", type=int, default=400000)
    parser.add_argument("--format", choices=("csv", "ndjson"), default="csv")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    city = City(wanted.seed, wanted.units, wanted.people)
    print(f"seed: {wanted.seed}")
    for name, rows in (("regions", city.regions), ("units", city.units), ("people", city.people()),
                       ("appointments", city.appointments())):
        path = wanted.folder / f"{name}.{wanted.format}"
        print(f"{write(path, rows, wanted.format):>7} {path}")


if __name__ == "__main__":
    main()
