"""Adjustments of the demo."""

import pytest
from django.db import transaction

from demo.adjustments import MAKER, adjust_demo_points
from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.points.checks.run import check_ledger
from organizations.tenancy.models import Organization
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


def test_one_adjustment_waits_and_one_is_taken_back(organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="care_agent", username=MAKER)
    for points in (100, 200, 300, 400, 500):
        with transaction.atomic():
            give_points(PointsAccountFactory(organization=organization), points)
    assert adjust_demo_points(organization) == 4
    assert sorted(PointsAdjustment.objects.values_list("status", "points")) == [
        ("DONE", -25), ("DONE", 40), ("DONE", 200), ("PENDING", 1500),
    ]  # fmt: skip
    assert AdjustmentReversal.objects.get().adjusted.points == 200
    assert list(check_ledger(organization)) == []
    # A newer edition of the demo adds none to those.
    assert adjust_demo_points(organization) == 0
