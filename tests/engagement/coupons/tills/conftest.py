"""Fixtures of the tills' calls about coupons."""

import pytest

from customers.profile.models import Customer
from tests.engagement.coupons.tills.calls import MOBILE
from tests.engagement.shops import Shops


@pytest.fixture
def asha(shops: Shops) -> Customer:
    """A customer with a mobile, whose coupons the tests use."""
    return shops.customer(MOBILE)
