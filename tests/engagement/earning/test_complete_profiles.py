"""Awards of complete profiles, by the add or update that fills the last field."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from engagement.points.models import PointsEntry
from tests.api import Answer, Api, fields
from tests.engagement.shops import Shops
from tests.factories.fields import FieldFactory
from tests.factories.programs import ProgramVersionFactory

pytestmark = pytest.mark.django_db
FULL = {"name": "full", "on": "profile_complete", "fields": ["dob", "city"], "award": {"fixed": 25}}


@pytest.fixture(autouse=True)
def full_profile(shops: Shops) -> None:
    """A program that awards 25 points for birthday and city."""
    FieldFactory(organization=shops.organization, name="dob", category="extended", type="date")
    FieldFactory(organization=shops.organization, name="city", category="extended")
    rules(shops)


def rules(shops: Shops, number: int = 2, **changes: Any) -> None:
    made_at = datetime(2021, 1, number, tzinfo=UTC)
    ProgramVersionFactory(program=shops.club, number=number, rules={"occasions": [{**FULL, **changes}]}, made_at=made_at)


def awarded(answer: Answer) -> list[int]:
    return [effect["awarded_points"] for effect in answer.item["side_effects"]["effect"]]


def test_the_update_that_fills_the_last_field_brings_the_points(delhi_api: Api) -> None:
    customer = delhi_api.add(mobile="9812345678", extended_fields=fields(city="Pune"))
    assert awarded(customer) == []
    assert awarded(delhi_api.update(mobile="9812345678", extended_fields=fields(dob="1991-02-03"))) == [25]
    assert awarded(delhi_api.update(mobile="9812345678", extended_fields=fields(city="Delhi"))) == []
    entry = PointsEntry.objects.get()
    assert (entry.reference, entry.explanation["occasion"]) == ("occasion:full", "full")


def test_a_registration_with_all_fields_brings_them_at_once(delhi_api: Api) -> None:
    answer = delhi_api.add(mobile="9812345678", extended_fields=fields(city="Pune", dob="1991-02-03"))
    assert (awarded(answer), answer.item["loyalty_points"]) == ([25], 25)


def test_customers_who_are_no_members_get_nothing(delhi_api: Api) -> None:
    answer = delhi_api.add(mobile="9812345678", type="NON_LOYALTY", extended_fields=fields(city="Pune", dob="1991-02-03"))
    assert (answer.code, awarded(answer)) == ("1000", [])


def test_an_expiry_that_is_past_awards_nothing(shops: Shops, delhi_api: Api) -> None:
    rules(shops, 3, expiry={"kind": "date", "value": "2020-01-01"})
    answer = delhi_api.add(mobile="9812345678", extended_fields=fields(city="Pune", dob="1991-02-03"))
    assert (awarded(answer), answer.warnings) == ([], ["1093"])


def test_an_award_that_cannot_be_made_is_a_warning(delhi_api: Api) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointslot ADD CONSTRAINT no_lots CHECK (points < 0) NOT VALID")
    answer = delhi_api.add(mobile="9812345678", extended_fields=fields(city="Pune", dob="1991-02-03"))
    assert (answer.code, answer.warnings) == ("1000", ["1010"])
    assert not PointsEntry.objects.exists()
