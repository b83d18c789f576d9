"""A till that sends bills of a member of the club, who has 50 points for joining."""

import pytest

from tests.api import Api
from tests.engagement.bills.api.tills import BillTill
from tests.factories.bills import Shop


@pytest.fixture
def till(shop: Shop) -> BillTill:
    shop.organization.base_country = "IN"
    shop.organization.save()
    till = BillTill(Api(shop.till))
    assert till.api.add(mobile=till.mobile).code == "1000"
    return till
