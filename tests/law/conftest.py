import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import pq

sys.path.insert(0, str(Path(__file__).parent))

from desk import Desk  # noqa: E402

from harness.accidents import wrong_pages  # noqa: E402


@pytest.fixture
def desk(database):
    """Whatever a test writes there, what is kept of each accident to be read is what would be rendered anew."""
    with psycopg.connect(database.cluster.url(database.name, "admin")) as connection:
        connection.execute("set session authorization anze_service")
        yield Desk(connection)
        if connection.info.transaction_status == pq.TransactionStatus.INTRANS:
            connection.execute("reset session authorization")
            assert wrong_pages(connection) == []
        connection.rollback()
