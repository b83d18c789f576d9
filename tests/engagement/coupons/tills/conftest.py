"""Fixtures of the tills' calls about coupons."""

import pytest
from django.db import transaction

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from tests.engagement.coupons.tills.calls import MOBILE
from tests.engagement.shops import Shops
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor


@pytest.fixture
def asha(shops: Shops) -> Customer:
    """A customer with a mobile, whose coupons the tests use."""
    return shops.customer(MOBILE)


@pytest.fixture
def coupon(shops: Shops, asha: Customer) -> Coupon:
    """A coupon that may be used five times."""
    series = open_series(shops.organization, redemptions_per_coupon=5)
    with transaction.atomic():
        return hold(asha, series, by=till_actor(shops.blr))
