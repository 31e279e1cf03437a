"""Duties and obligations put straight into the database: what is owed at times that no test could wait for."""
import datetime as dt
import uuid

from . import tree

DAY = dt.timedelta(days=1)
SOON = dt.timedelta(seconds=60)   # ahead, and further ahead than any test takes
JUST = dt.timedelta(seconds=1)    # ago
UNIT = tree.body("emergency", "150622")


def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def add_duty(owner, code: str = "TEST.INSPECTION", period: str = "month") -> str:
    """It was in force for a day, long ago: obligations name it, and planning makes none of it."""
    owner.execute(
        "insert into anze.duty (code, version, in_force, clause, nature, title_zh, title_en, actor_zh, unit_kinds,"
        " record_kinds, counting, period, once_by, event, instrument, confidence, origin)"
        " values (%s, 1, '[2020-01-01,2020-01-02)', '2.03', 'R', '带队督导检查', 'Lead an inspection', '部门', '{department}',"
        " '{led_inspection}', 'within', %s, %s, %s, 'LAW-SAFETY', 'recalled-low', 'shipped') on conflict do nothing",
        (code, period, "2030-01-01" if period == "once" else None, "test" if period == "event" else None))
    return code


def owe(owner, missed_from: dt.datetime, *, unit: tree.Unit = UNIT, duty: str | None = None, period: str = "month",
        grace: dt.timedelta = dt.timedelta(0), planned_at: dt.datetime | None = None, start: dt.date | None = None,
        end: dt.date | None = None, **columns) -> str:
    """An open obligation that counts as missed from then on; it is due `grace` earlier. Its id."""
    due_at = missed_from - grace
    planned_at = planned_at or due_at - 60 * DAY
    duty = add_duty(owner, duty or f"TEST.{period.upper().replace('_', '-')}", period)
    end = end or (due_at.astimezone(dt.timezone(dt.timedelta(hours=8)))).date()
    values = {"id": str(uuid.uuid4()), "duty": duty, "duty_version": 1, "clause": "2.03", "unit_id": unit.id,
              "unit_kind": unit.kind, "period": period, "period_start": start or end - 30 * DAY, "period_end": end,
              "due_at": due_at, "missed_from": missed_from, "required": 1, "region_code": unit.region_code,
              "sector": unit.sector, "planned_at": planned_at, **columns}
    owner.execute(f"insert into anze.obligation ({', '.join(values)}, next_notice_at) values"
                  f" ({', '.join(['%s'] * len(values))},"
                  " anze.first_notice_at(%s, %s, anze.day_of(%s), %s))",
                  [*values.values(), due_at, missed_from, planned_at, period])
    return values["id"]


def pass_time(owner, obligation: str, by: dt.timedelta) -> None:
    """As if so much time had gone by for it: everything about it lies further back."""
    owner.execute("update anze.obligation set due_at = due_at - %(by)s, missed_from = missed_from - %(by)s,"
                  " planned_at = planned_at - %(by)s, next_notice_at = next_notice_at - %(by)s where id = %(id)s",
                  {"by": by, "id": obligation})
    owner.execute("update anze.notice set issued_at = issued_at - %s where subject_id = %s", (by, obligation))


def sweep_once(owner, rows: int = 100) -> int:
    """Every step once; how much was done."""
    total = 0
    for place in range(1, 100):
        done = owner.execute("select anze.sweep(%s, %s)", (place, rows)).fetchone()[0]
        if done is None:
            return total
        total += done
    raise AssertionError("the steps do not end")


def sweep(owner, rows: int = 100) -> int:
    """Until nothing is left; how much was done."""
    total = 0
    for _ in range(1000):
        done = sweep_once(owner, rows)
        total += done
        if not done:
            return total
    raise AssertionError("the sweep does not end")


def told(owner, obligation: str) -> list[tuple[str, str]]:
    """(stage, unit that was told), in the order of the stages."""
    return owner.execute("select n.stage, n.unit_id::text from anze.notice n join anze.notice_stage s on s.code = n.stage"
                         " where n.subject_id = %s order by s.place", (obligation,)).fetchall()


def stages(owner, obligation: str) -> list[str]:
    return [stage for stage, _ in told(owner, obligation)]
