import io

import pytest
from django.core.management import CommandError, call_command

from engagement.points.checks.queries import CHECKS
from engagement.points.models import BillPoints
from organizations.tenancy.models import Organization
from tests.engagement.points_history import write_history

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill_points(organization: Organization) -> BillPoints:
    return write_history(organization).bill_points


@pytest.mark.parametrize("whose", [{"organization": "northwind"}, {"all": True}])
def test_a_sound_ledger_is_reported(bill_points: BillPoints, whose: dict[str, object]) -> None:
    out = io.StringIO()
    call_command("check_ledger", **whose, stdout=out)
    assert out.getvalue() == f"{len(CHECKS)} checks of 1 organizations: the ledger holds\n"


def test_lists_what_does_not_hold_and_ends_with_status_1(bill_points: BillPoints) -> None:
    BillPoints.objects.update(issued=121)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 figures of the ledger do not hold") as caught:
        call_command("check_ledger", all=True, stdout=out)
    assert caught.value.returncode == 1
    assert out.getvalue() == f"northwind: bill_points: BillPoints {bill_points.pk}: issued is 121, expected 120\n"


def test_an_unknown_organization_is_reported(organization: Organization) -> None:
    with pytest.raises(CommandError, match="no organization 'nowhere'") as caught:
        call_command("check_ledger", organization="nowhere")
    assert caught.value.returncode == 2
