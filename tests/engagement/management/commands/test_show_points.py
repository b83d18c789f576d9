import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from engagement.points.models import PointsAccount
from organizations.tenancy.models import Organization
from tests.engagement.points_history import write_history

pytestmark = pytest.mark.django_db


@pytest.fixture
def points_account(organization: Organization) -> PointsAccount:
    return write_history(organization).account


def shown(account: PointsAccount, **more: Any) -> str:
    out = io.StringIO()
    call_command("show_points", organization="northwind", customer=account.customer_id, stdout=out, **more)
    return out.getvalue()


@pytest.mark.parametrize("moment", ["2026-01-07", "2026-01-07 15:30:00"])
def test_figures_and_sentences_of_a_moment(points_account: PointsAccount, moment: str) -> None:
    """Times are the organization's: ten o'clock in UTC is half past three in the afternoon."""
    assert shown(points_account, as_of=moment) == (
        "Club: lifetime 100, redeemed 40, expired 0, returned 0, adjusted 0, balance 60, promised 50\n"
        "    1  2026-01-05 15:30:00         100  100 points credited, good until 2027-01-31.\n"
        "    2  2026-01-05 15:30:00           0  20 points promised until 2026-01-08, which never expire.\n"
        "    3  2026-01-05 15:30:00           0  30 points promised until 2026-02-14, which never expire.\n"
        "    4  2026-01-07 15:30:00         -40  40 points redeemed.\n"
    )


def test_what_was_known_by_a_day(points_account: PointsAccount) -> None:
    assert shown(points_account, known_at="2026-01-04").splitlines() == [
        "Club: lifetime 0, redeemed 0, expired 0, returned 0, adjusted 0, balance 0, promised 0"
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"organization": "nowhere"}, "no organization 'nowhere'"),
        ({"customer": 0}, "no customer 0"),
        ({"as_of": "yesterday"}, "'yesterday' is neither"),
    ],
)
def test_an_account_that_cannot_be_shown_is_reported(
    points_account: PointsAccount, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem) as caught:
        call_command("show_points", **{"organization": "northwind", "customer": points_account.customer_id, **options})
    assert caught.value.returncode == 2
