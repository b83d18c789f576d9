"""An account in a program with tenths of points, whose points expire at the end of the twelfth month."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction

from engagement.points.models import PointsAccount
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_files import CLUB, club, loaded

NOON = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)


@pytest.fixture
def points_account(db: None) -> Iterator[PointsAccount]:
    """An account with 100 points that never expire."""
    with unscoped("tests make their rows"):
        rule = {**CLUB["earning"][0], "expiry": {"kind": "months", "value": 12}}
        organization = loaded(club(enrolment=None, earning=[rule]))
    with organization_scope(organization), time_machine.travel(NOON, tick=False):
        account = PointsAccountFactory(organization=organization)
        with transaction.atomic():
            give_points(account, 100)
        account.refresh_from_db()
        yield account
