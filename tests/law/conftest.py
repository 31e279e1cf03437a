import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from desk import Desk  # noqa: E402


@pytest.fixture
def desk(database):
    with database.service() as connection:
        yield Desk(connection)
