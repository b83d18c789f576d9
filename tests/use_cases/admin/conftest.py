"""What tests of dialogs share."""

import pytest

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from tests.factories.points import give_points
from tests.factories.programs import ProgramVersionFactory


@pytest.fixture
def points(anna: Customer) -> PointsAccount:
    """Anna's account, with 100 points worth 0.5 each."""
    account = PointsAccount.objects.get(customer=anna)
    version = account.program.versions.order_by("-number")[0]
    earning = [{"name": "base", "award": {"per": 100, "points": 5}}]
    rules = {**version.rules, "points_to_currency": "0.5", "earning": earning}
    ProgramVersionFactory(program=account.program, number=version.number + 1, rules=rules)
    give_points(account, 100 - account.balance)
    account.refresh_from_db()
    return account
