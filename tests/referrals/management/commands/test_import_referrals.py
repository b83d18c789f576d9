"""Invitations from files (docs/imports.md)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from referrals.invitations.models import Invitation
from tests.factories.referrals import Friends, open_campaign
from tests.imports import Outcome, rejects, run_import, write_lines

COLUMNS = "id,campaign_token,channel,name,identifier,invited_on"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(friends: Friends, tmp_path: Path) -> Bring:
    """Imports rows of Asha under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS, who: str = "") -> Outcome:
        lines = [f"{who or friends.asha.pk},{row}" for row in rows]
        path = write_lines(tmp_path / "referrals.csv", header, *lines)
        return run_import("import_referrals", path, "--errors", str(tmp_path / "errors.csv"))

    return bring


def codes(tmp_path: Path) -> list[str]:
    return [row["error_code"] for row in rejects(tmp_path / "errors.csv")]


def test_an_invitation_comes_in(friends: Friends, bring: Bring) -> None:
    current = open_campaign(friends.organization, starts="2020-01-01", ends="2020-12-31")
    assert bring("FRIENDS,sms,Ravi,9812300001,2020-02-03 04:05:06").counts == (1, 0, 0, 0)
    row = Invitation.objects.get()
    assert (row.customer, row.campaign, row.channel, row.identifier, row.name, row.till) == (
        friends.asha, current.campaign, "MOBILE", "919812300001", "Ravi", None,
    )  # fmt: skip
    assert f"{row.invited_at:%F %T}" == "2020-02-02 22:35:06"
    assert row.made_by == "command:import_referrals"


def test_the_same_again_is_unchanged_and_another_name_updates(friends: Friends, bring: Bring) -> None:
    open_campaign(friends.organization)
    row = "FRIENDS,EMAIL,Ravi,Ravi@Example.com,2026-01-05"
    assert bring(row, row).counts == (1, 0, 1, 0)
    assert bring(row).counts == (0, 0, 1, 0)
    assert bring("FRIENDS,EMAIL,,ravi@example.com,").counts == (0, 0, 1, 0)
    assert bring("FRIENDS,EMAIL,Ravi Rao,ravi@example.com,2026-01-06").counts == (0, 1, 0, 0)
    assert Invitation.objects.get().name == "Ravi Rao"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("NOSUCH,MOBILE,,9812300001,", "1202"),
        ("OVER,MOBILE,,9812300001,2026-01-01", "1203"),
        ("FRIENDS,FAX,,9812300001,", "1206"),
        ("FRIENDS,MOBILE,,12ab,", "1001"),
        ("FRIENDS,EMAIL,,nobody,", "1002"),
        ("FRIENDS,MOBILE,,,", "400"),
        (",MOBILE,,9812300001,", "400"),
        ("FRIENDS,,,9812300001,", "400"),
        ("FRIENDS,MOBILE,,9812300001,noon", "400"),
        ("FRIENDS,MOBILE,,9812300001,2099-01-01", "400"),
        ("FRIENDS,MOBILE,,9812345678,", "1204"),
    ],
)
def test_a_row_is_rejected(friends: Friends, bring: Bring, tmp_path: Path, row: str, code: str) -> None:
    open_campaign(friends.organization)
    open_campaign(friends.organization, "OVER", default=False, ends="2019-12-31")
    outcome = bring(row)
    assert (outcome.status, codes(tmp_path)) == (1, [code])
    assert not Invitation.objects.exists()


def test_an_invitation_before_the_invitee_registered_comes_in(friends: Friends, bring: Bring) -> None:
    open_campaign(friends.organization)
    assert bring("FRIENDS,MOBILE,,9812345678,2020-01-01").counts == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fraud_status": "CONFIRMED"}, "618"),
        ({"type": "NON_LOYALTY"}, "1013"),
        ({"test_control_status": "CONTROL"}, "1204"),
    ],
)
def test_a_referrer_who_may_not_refer(
    friends: Friends, bring: Bring, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    open_campaign(friends.organization)
    Customer.objects.filter(pk=friends.asha.pk).update(**change)
    bring("FRIENDS,MOBILE,,9812300001,")
    assert codes(tmp_path) == [code]


def test_an_unknown_customer_is_rejected(friends: Friends, bring: Bring, tmp_path: Path) -> None:
    open_campaign(friends.organization)
    bring("FRIENDS,MOBILE,,9812300001,", who="999999")
    assert codes(tmp_path) == ["1011"]


def test_columns_are_checked(bring: Bring) -> None:
    assert bring("x", header="id,campaign_token").status == 2
    assert bring("x", header=f"{COLUMNS},colour").status == 2


@pytest.mark.parametrize("count", [1, 3])
def test_the_statements_do_not_grow_with_the_rows(friends: Friends, bring: Bring, count: int) -> None:
    open_campaign(friends.organization)
    bring("FRIENDS,MOBILE,,9812300009,")
    rows = [f"FRIENDS,{channel},,{value}," for n in range(count) for channel, value in
            (("MOBILE", f"981230001{n}"), ("EMAIL", f"r{n}@example.com"))]  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        bring(*rows)
    inserted = [query["sql"] for query in captured if "referrals_invitation" in query["sql"]]
    assert len(inserted) == 2
