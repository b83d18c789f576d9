"""Points accounts in the back office: what is due is settled before it is shown, and staff may adjust points."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import Client
from psycopg.errors import LockNotAvailable, SerializationFailure

from customers.profile import locks
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership
from loyalty_project import clock
from loyalty_project.protocol.codes import Transport
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.staff import StaffMemberFactory
from use_cases.merging import merge_customers

ACCOUNTS = "engagement_pointsaccount"


def adjust_page(account: PointsAccount) -> str:
    return page_of(ACCOUNTS, account).replace("/change/", "/adjust/")


def adjust(browser: Client, account: PointsAccount, points: str, **more: str) -> HttpResponse:
    return browser.post(adjust_page(account), {"points": points, "reason": "A slip of the till", **more})


def test_the_list_and_the_page_show_nothing_that_is_over(administrator: Client, account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(account, 20, expiry=Expiry(on=(LONG_AGO + timedelta(days=1)).date()))
    account.refresh_from_db()
    assert account.balance == 120
    (row,) = shown(administrator.get(list_of(ACCOUNTS)))
    assert row.balance == 100
    page = administrator.get(page_of(ACCOUNTS, account)).content.decode()
    for text in ("Expiry", "−20", "+100", "Earned"):
        assert text in page


def test_an_account_without_entries_shows_a_note(administrator: Client, organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization)
    assert "No entries yet." in administrator.get(page_of(ACCOUNTS, account)).content.decode()


def test_accounts_whose_points_have_moved_are_listed_on_request(
    administrator: Client, organization: Organization, account: PointsAccount, till: Till
) -> None:
    twin = PointsAccountFactory(organization=organization)
    merge_customers(survivor=account.customer_id, victim=twin.customer_id, by=till_actor(till))
    listed = [shown(administrator.get(list_of(ACCOUNTS), query)) for query in ({}, {"history": "yes"}, {"history": "all"})]
    assert listed == [[account], [twin], [twin, account]]
    assert administrator.get(page_of(ACCOUNTS, twin)).status_code == 200


def test_an_account_whose_points_will_move_has_a_page(administrator: Client, account: PointsAccount) -> None:
    Membership.objects.all().delete()
    assert "+100" in administrator.get(page_of(ACCOUNTS, account)).content.decode()


def test_points_are_adjusted_with_a_reason(administrator: Client, account: PointsAccount) -> None:
    assert "100 points</b>" in administrator.get(adjust_page(account)).content.decode()
    answer = adjust(administrator, account, "25", expires_on=f"{clock.now() + timedelta(days=9):%Y-%m-%d}")
    assert answer["Location"] == page_of("customers_customer", account.customer)
    assert "+25 points" in administrator.get("/admin/").content.decode()
    adjust(administrator, account, "-5")
    account.refresh_from_db()
    assert account.balance == 120
    assert PointsEntry.objects.latest("pk").made_by == "staff:asha"


def test_a_refused_change_is_shown_above_the_form(administrator: Client, account: PointsAccount) -> None:
    assert "Only 100 points can be taken back." in adjust(administrator, account, "-101").content.decode()
    assert "This field is required" in adjust(administrator, account, "-1", reason=" ").content.decode()
    account.refresh_from_db()
    assert account.balance == 100


def test_only_permitted_roles_adjust_within_their_reach(
    auditor: Client, seller: Client, account: PointsAccount, store: Store, indiranagar: Till
) -> None:
    for browser in (auditor, seller):
        assert "Adjust points" not in browser.get(page_of(ACCOUNTS, account)).content.decode()
        assert adjust(browser, account, "5").status_code == 403
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    hidden = PointsAccountFactory(
        organization=store.organization,
        customer=CustomerFactory(organization=store.organization, registered_store=indiranagar.store),
    )
    assert adjust(manager, hidden, "5")["Location"] == "/admin/"
    assert adjust(manager, account, "5").status_code == 302
    account.refresh_from_db()
    hidden.refresh_from_db()
    assert (account.balance, hidden.balance) == (105, 0)


def test_a_customer_locked_or_merged_meanwhile_is_reported(
    administrator: Client, account: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(cause: Exception) -> None:
        def lock(_rows: object) -> None:
            raise OperationalError from cause

        monkeypatch.setattr(locks, "lock", lock)

    for elsewhere in (LockNotAvailable(), SerializationFailure()):
        refuse(elsewhere)
        answer = adjust(administrator, account, "5")
        assert answer.context["form"].non_field_errors() == [sentence_of(Transport.BUSY)]  # type: ignore[attr-defined]
    refuse(RuntimeError("gone"))
    with pytest.raises(OperationalError):
        adjust(administrator, account, "5")
