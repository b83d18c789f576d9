"""A chain with limits of redemptions, and a customer with 100 points"""

from collections.abc import Iterator

import pytest
import time_machine

from engagement.points.models import PointsAccount
from organizations.tenancy.scoping import organization_scope
from tests.engagement.redemptions.tills import PointsTill, till_of
from tests.factories.chains import NOON, Chain, member, open_chain


@pytest.fixture
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def chain(moment: time_machine.Traveller) -> Iterator[Chain]:
    """A chain whose default program limits redemptions; the test runs in its scope."""
    chain = open_chain(redemption={"min_points": 10, "multiple_of": 5, "max_points_per_day": 60})
    with organization_scope(chain.organization):
        yield chain


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    return member(chain)


@pytest.fixture
def till(chain: Chain, asha: PointsAccount) -> PointsTill:
    """The till in Bengaluru, calling about Asha."""
    return till_of(chain, asha)
