"""Redemptions of the demo."""

from datetime import timedelta

import pytest
from django.db import transaction

from customers.profile.models import Customer
from demo.redemptions import post_earlier_redemptions, redeem_demo_points
from engagement.points.checks.run import check_ledger
from engagement.redemptions.models import Redemption
from loyalty_project import clock
from organizations.locations.models import Till
from tests.factories.customers import CustomerFactory
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory, give_points

pytestmark = pytest.mark.django_db


def test_every_seventh_member_redeems_and_one_redemption_is_taken_back(till: Till) -> None:
    for points in (1000, *[500] * 6, 450, 399):
        customer = CustomerFactory(organization=till.organization, registered_till=till, registered_store=till.store)
        with transaction.atomic():
            give_points(PointsAccountFactory(organization=till.organization, customer=customer), points)
    assert redeem_demo_points(Customer.objects.all(), till.organization) == 2
    assert list(Redemption.objects.order_by("pk").values_list("points", "reversed")) == [(500, 0), (200, 200)]
    assert list(check_ledger(till.organization)) == []
    # Customers who were loaded before are not among those of a later slice.
    assert redeem_demo_points([], till.organization) == 0


def test_every_second_of_the_others_redeemed_a_third_before(till: Till) -> None:
    with transaction.atomic():
        for _ in range(8):
            customer = CustomerFactory(organization=till.organization, registered_till=till, registered_store=till.store)
            give_points(PointsAccountFactory(organization=till.organization, customer=customer), 500)
    now = clock.now()
    customers = Customer.objects.all()
    assert redeem_demo_points(customers, till.organization) == 2
    assert post_earlier_redemptions(customers, by=till_actor(till), now=now) == 3
    earlier = Redemption.objects.order_by("pk")[2:]
    assert [redemption.points for redemption in earlier] == [150, 150, 150]
    assert all(redemption.entry.occurred_at < now - timedelta(days=1) for redemption in earlier)
    assert list(check_ledger(till.organization)) == []
    assert post_earlier_redemptions([], by=till_actor(till), now=now) == 0
