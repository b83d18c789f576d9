"""Adjustments in the back office: the list, approval by a second person, and taking back."""

from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from engagement.adjustments.models import PointsAdjustment
from engagement.points.models import PointsAccount, PointsEntry
from organizations.locations.models import Store, Till
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.adjustments import adjust
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.staff import StaffMemberFactory

ADJUSTMENTS = "engagement_pointsadjustment"
ENTRIES = "engagement_pointsentry"
LIMIT = Decimal(5)


@pytest.fixture
def pending(account: PointsAccount) -> PointsAdjustment:
    """Fifty points that an agent asked for, above her limit."""
    return adjust(account, 50, limit=LIMIT)


def decide(browser: Client, row: PointsAdjustment, verb: str, reason: str = "Seen the receipt") -> HttpResponse:
    return browser.post(page_of(ADJUSTMENTS, row).replace("/change/", f"/decide/{verb}/"), {"reason": reason})


def take_back(browser: Client, entry: PointsEntry | None, reason: str = "A mistake") -> HttpResponse:
    return browser.post(page_of(ENTRIES, entry).replace("/change/", "/take-back/"), {"reason": reason})


def text_of(browser: Client, address: str) -> str:
    return " ".join(strip_tags(browser.get(address).content.decode()).split())


def balance_of(account: PointsAccount) -> Decimal:
    account.refresh_from_db()
    return account.balance


def test_pending_adjustments_are_listed_first_and_counted(
    administrator: Client, account: PointsAccount, pending: PointsAdjustment
) -> None:
    done = adjust(account, 1)
    page = administrator.get(list_of(ADJUSTMENTS))
    assert shown(page) == [pending, done]
    assert "Adjustments 1" in " ".join(strip_tags(page.content.decode()).split())
    decide(administrator, pending, "reject")
    assert "Adjustments 1" not in text_of(administrator, list_of(ADJUSTMENTS))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, account: PointsAccount, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        adjust(account, 1)
    # Session, member of staff, the limit to stores, the queues, programs of the filter, the rows.
    with django_assert_num_queries(6):
        answer = administrator.get(list_of(ADJUSTMENTS))
    assert len(shown(answer)) == rows


def test_a_second_person_approves(administrator: Client, account: PointsAccount, pending: PointsAdjustment) -> None:
    assert "Approve" in text_of(administrator, page_of(ADJUSTMENTS, pending))
    assert decide(administrator, pending, "approve", reason="")["Location"] == page_of(ADJUSTMENTS, pending)
    assert balance_of(account) == 150
    page = text_of(administrator, page_of(ADJUSTMENTS, pending))
    assert "Approved by asha (staff)" in page
    assert "Take back" in page


def test_a_rejection_needs_a_reason(administrator: Client, account: PointsAccount, pending: PointsAdjustment) -> None:
    assert decide(administrator, pending, "reject", reason="").status_code == 200
    decide(administrator, pending, "reject", reason="No receipt")
    assert "No receipt" in text_of(administrator, page_of(ADJUSTMENTS, pending))
    assert balance_of(account) == 100


def test_who_asked_does_not_approve(account: PointsAccount, pending: PointsAdjustment) -> None:
    carla = log_in(StaffMemberFactory._meta.model.objects.get(username="carla"))
    assert "a colleague has to approve it" in text_of(carla, page_of(ADJUSTMENTS, pending))
    assert "You made this adjustment yourself" in decide(carla, pending, "approve").content.decode()
    assert balance_of(account) == 100


def test_approval_counts_against_the_limit_of_who_approves(account: PointsAccount) -> None:
    row = adjust(account, 1500, limit=LIMIT)
    agent = log_in(StaffMemberFactory(organization=account.organization, role="store_manager"))
    assert "Your limit is 1,000 points" in decide(agent, row, "approve").content.decode()
    assert balance_of(account) == 100


def test_what_cannot_be_posted_now_is_shown_above_the_form(administrator: Client, account: PointsAccount) -> None:
    row = adjust(account, -90, limit=LIMIT)
    adjust(account, -50)
    answer = decide(administrator, row, "approve")
    assert answer.context["form"].non_field_errors() == ["Only 50 points can be taken."]  # type: ignore[attr-defined]


def test_nobody_decides_without_permission_or_sight(
    auditor: Client, seller: Client, store: Store, indiranagar: Till, account: PointsAccount, pending: PointsAdjustment
) -> None:
    for browser in (auditor, seller):
        assert "Approve" not in text_of(browser, page_of(ADJUSTMENTS, pending))
        assert decide(browser, pending, "approve").status_code == 403
        assert take_back(browser, PointsEntry.objects.get()).status_code == 403
    stranger = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[indiranagar.store]))
    assert shown(stranger.get(list_of(ADJUSTMENTS))) == []
    assert "Adjustments 1" not in text_of(stranger, list_of(ADJUSTMENTS))
    assert decide(stranger, pending, "approve")["Location"] == "/admin/"
    assert take_back(stranger, PointsEntry.objects.get())["Location"] == "/admin/"
    assert balance_of(account) == 100


def test_an_unknown_decision_is_404(administrator: Client, pending: PointsAdjustment) -> None:
    assert decide(administrator, pending, "forget").status_code == 404


def test_an_adjustment_is_taken_back_once(administrator: Client, account: PointsAccount) -> None:
    row = adjust(account, 50)
    assert "Take back" in text_of(administrator, page_of(ENTRIES, row.entry))
    assert take_back(administrator, row.entry)["Location"] == page_of("customers_customer", account.customer)
    assert "50 points were taken back." in text_of(administrator, "/admin/")
    assert balance_of(account) == 100
    # Its page offers no second time, and a page that is still open refuses it.
    assert take_back(administrator, row.entry).status_code == 403
    assert "taken back" in text_of(administrator, page_of(ADJUSTMENTS, row))


def test_taking_back_above_the_limit_is_refused(account: PointsAccount) -> None:
    row = adjust(account, 1500)
    agent = log_in(StaffMemberFactory(organization=account.organization, role="care_agent", username="dan"))
    assert "Your limit is 1,000 points" in take_back(agent, row.entry).content.decode()
    assert balance_of(account) == 1600


def test_only_adjustments_are_taken_back(administrator: Client, account: PointsAccount) -> None:
    award = PointsEntry.objects.get()
    assert "Take back" not in text_of(administrator, page_of(ENTRIES, award))
    assert take_back(administrator, award).status_code == 403


def test_the_history_of_an_adjustment_is_whole(
    administrator: Client, account: PointsAccount, pending: PointsAdjustment
) -> None:
    decide(administrator, pending, "approve")
    pending.refresh_from_db()
    take_back(administrator, pending.entry)
    history = text_of(administrator, page_of(ADJUSTMENTS, pending).replace("/change/", "/history/"))
    for action in ("Requested", "Approved", "Points adjusted", "Adjustment taken back"):
        assert action in history


def test_the_customers_page_lists_adjustments(administrator: Client, account: PointsAccount, pending: PointsAdjustment) -> None:
    page = text_of(administrator, page_of("customers_customer", account.customer))
    assert "+50 points" in page
    assert "A slip of the till" in page
    hidden = CustomerFactory(organization=account.organization)
    PointsAccountFactory(organization=account.organization, customer=hidden, program=account.program)
    assert "A slip of the till" not in text_of(administrator, page_of("customers_customer", hidden))
