"""The past of the demo's customers."""

import pytest

from demo.history import SOURCES, live_until
from loyalty_project import clock
from organizations.locations.models import Till
from subscriptions.models import ConsentChange
from tests.factories.locations import till_actor
from tests.use_cases.test_registration import register

pytestmark = pytest.mark.django_db


def test_those_who_were_registered_have_a_past(till: Till) -> None:
    people = [register(till, mobile=str(9_812_300_000 + number), registered_on="2025-01-01") for number in range(20)]
    now = clock.now()
    live_until(now, people, by=till_actor(till))
    log = list(ConsentChange.objects.order_by("pk"))
    assert {one.customer for one in log} <= {one.customer for one in people}
    assert [one.at for one in log] == sorted(one.at for one in log)
    assert log[-1].at <= now


def test_source_files_of_the_history_exist() -> None:
    assert all(source.is_file() for source in SOURCES)
