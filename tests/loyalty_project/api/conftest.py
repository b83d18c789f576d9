"""What tests of the API's plumbing share."""

from collections.abc import Iterator

import pytest

from tests.loyalty_project.api.guests import make_table


@pytest.fixture
def guests(db: None) -> Iterator[None]:
    yield from make_table()
