"""A row on which the running service's sweep fails: the operator is told, an administrator reads of it and has it tried again,
and everything else is done meanwhile."""
import time

import pytest

from harness import tree
from harness.owed import JUST, now, owe

BAD, GOOD = tree.enterprise("150622101", 1), tree.enterprise("150622101", 2)


def wait_for(holds, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def broken(make_database, cluster, make_service):
    """Notices about one unit are refused by the database; one about another was told."""
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        owner.execute("create function anze.refused() returns trigger language plpgsql as $$ begin"
                      " raise check_violation using message = '张某某 13812345678', table = 'notice', constraint = 'of_the_test'; end $$")
        owner.execute(f"create trigger zz_refused before insert on anze.notice for each row when (new.about_unit_id = '{BAD.id}')"
                      " execute function anze.refused()")
        owed = {unit.id: owe(owner, now() - JUST, unit=unit) for unit in (BAD, GOOD)}
    service = make_service(database, ANZE_SWEEP_MS="50")
    wait_for(lambda: database.value("select count(*) from anze.notice") == 1)
    return database, service, owed


def test_it_is_told_listed_and_tried_again_when_an_administrator_asks(broken, client):
    database, service, owed = broken
    wait_for(lambda: service.metric("anze_sweep_set_aside") == 1)
    said = [line["detail"] for line in service.log if line.get("event") == "sweeper-warning"]
    assert said == [f"the step tell_owed of the sweep sets the obligation {owed[BAD.id]} aside: 23514"]
    administrator = client("administrator", to=service)
    item, = administrator.items("/v1/set-aside?step=tell_owed")
    assert (item["step"], item["subject"], item["row_id"], item["sqlstate"], item["fault"], item["tries"]) == (
        "tell_owed", "obligation", owed[BAD.id], "23514", "notice of_the_test", 1)
    assert "张某某" not in str(item) and "13812345678" not in str(item)
    assert administrator.items("/v1/set-aside?step=plan_due") == []
    target = f"/v1/set-aside/{item['id']}/retry"
    assert administrator.post(target).status_code == 200
    wait_for(lambda: database.value("select tries from anze.set_aside") == 2)
    with database.owner() as owner:
        owner.execute("drop trigger zz_refused on anze.notice")
    assert administrator.post(target).status_code == 200
    wait_for(lambda: service.metric("anze_sweep_set_aside") == 0)
    assert administrator.items("/v1/set-aside") == [] and database.value("select count(*) from anze.notice") == 2
    assert administrator.post(target).status_code == 404


@pytest.mark.parametrize("role", ["county_officer", "auditor", "enterprise_reporter"])
def test_it_is_for_administrators_alone(broken, client, role):
    other = client(role, to=broken[1])
    assert other.get("/v1/set-aside").status_code == 403
    assert other.post("/v1/set-aside/0190a5c2-0031-7000-8000-000000000001/retry").status_code == 403
