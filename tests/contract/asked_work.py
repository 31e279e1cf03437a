"""How the access matrix asks about the service's own work."""
from harness import tree

ROW = tree.unit_id("the row of the matrix that was set aside")
ASKED = {
    "listSetAside": ("/v1/set-aside", None, None),
    "retrySetAside": (f"/v1/set-aside/{ROW}/retry", None, None),
}


def prepare(owner) -> None:
    owner.execute("insert into anze.set_aside (id, step, subject, row_id, sqlstate, again_at)"
                  " values (%s, 'plan_due', 'unit', %s, '22012', now() + interval '1 day') on conflict do nothing", (ROW, ROW))
