"""What staff do for one customer: who may, whose customers, what is shown before, and that it is done once."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.coupons.models import Coupon
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from organizations.audit.models import AuditEntry
from organizations.back_office.middleware import DIALOG_HEADER, LOCATION_HEADER
from organizations.locations.models import Store, Till
from tests.back_office import confirmed, log_in, page_of, register, text_of
from tests.factories.adjustments import staff_of
from tests.factories.bills import BillFactory
from tests.factories.coupons import hold, open_series
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.programs import ProgramFactory
from tests.factories.redemptions import redeem
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import TicketFactory
from tests.use_cases.admin.dialogs import address, send, typed
from use_cases.admin.customer_actions import PAGES


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"simulate_bill"}))
def test_auditors_do_nothing(auditor: Client, anna: Customer, name: str) -> None:
    for answer in (auditor.get(address(name, anna)), auditor.post(address(name, anna), {"token": "0"})):
        assert answer.status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_customers_of_other_stores_and_organizations_are_unknown(
    store: Store, indiranagar: Till, stranger: Till, name: str
) -> None:
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    of_another_store = register(indiranagar, mobile="9812300077")
    of_another_organization = register(stranger, mobile="9812300077")
    for customer in (of_another_store, of_another_organization):
        assert manager.get(address(name, customer))["Location"] == "/admin/"
        assert manager.post(address(name, customer), {"token": "0"})["Location"] == "/admin/"


def test_goodwill_shows_the_new_balance_and_gives_points_once(
    administrator: Client, anna: Customer, points: PointsAccount
) -> None:
    assert "100 points = 50.00 INR" in text_of(administrator.get(address("goodwill", anna)))
    sent = typed(administrator, "goodwill", anna, points="25", reason="Wrong price", details="Shelf label")
    shown = administrator.post(address("goodwill", anna), sent)
    assert "New balance: 125 points = 62.50 INR" in text_of(shown)
    assert not PointsAdjustment.objects.exists()
    again = {**sent, "seen": shown.context["form"].seen}
    for _ in range(2):
        assert administrator.post(address("goodwill", anna), again)["Location"] == page_of("customers_customer", anna)
    entry = PointsEntry.objects.get(kind="ADJUST")
    assert (entry.points, entry.note) == (25, "Wrong price: Shelf label")
    page = text_of(administrator.get("/admin/"))
    assert "Anna Rao: +25 points." in page
    assert "nothing more was done: this page was sent before, with +25 points." in page


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "-101"}, "points", "Only 100 points can be taken."),
        ({"points": "0.0001"}, "points", "The program allows whole points only."),
        ({"points": "x"}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"reason": ""}, "reason", "This field is required."),
        ({"reason": "Another reason"}, "details", "Write the reason here."),
        ({"details": "x" * 240}, "details", "Write at most 237 characters."),
    ],
)
def test_refused_goodwill_is_explained_at_its_field(
    administrator: Client, anna: Customer, points: PointsAccount, values: dict[str, str], field: str, error: str
) -> None:
    sent = typed(administrator, "goodwill", anna, **{"points": "5", "reason": "Wrong price", **values})
    answer = administrator.post(address("goodwill", anna), sent)
    assert answer.context["form"].errors == {field: [error]}
    assert not PointsAdjustment.objects.exists()


def test_the_reasons_of_goodwill_are_those_of_the_organization(
    administrator: Client, anna: Customer, points: PointsAccount
) -> None:
    def reasons() -> list[str]:
        return [value for value, _ in administrator.get(address("goodwill", anna)).context["form"].fields["reason"].choices]

    assert (reasons()[1], reasons()[-1], len(reasons())) == ("Points missing from a bill", "Another reason", 9)
    anna.organization.flags = {"GOODWILL_REASONS": "Rain; Snow"}
    anna.organization.save()
    assert reasons() == ["", "Rain", "Snow", "Another reason"]
    send(administrator, "goodwill", anna, points="5", reason="Rain", details="on the parcel")
    assert PointsEntry.objects.get(kind="ADJUST").note == "Rain: on the parcel"


def test_goodwill_above_the_limit_waits_for_a_colleague(anna: Customer, points: PointsAccount) -> None:
    agent = log_in(StaffMemberFactory(organization=anna.organization, role="care_agent"))
    sent = typed(agent, "goodwill", anna, points="1001", reason="Thank-you")
    shown = agent.post(address("goodwill", anna), sent)
    assert "A colleague approves it first. Until then no points move." in text_of(shown)
    agent.post(address("goodwill", anna), {**sent, "seen": shown.context["form"].seen})
    assert PointsAdjustment.objects.get().status == "PENDING"
    points.refresh_from_db()
    assert points.balance == 100


def test_goodwill_goes_to_the_chosen_program(administrator: Client, anna: Customer, points: PointsAccount) -> None:
    other = ProgramFactory(organization=anna.organization, name="Outlet")
    account = PointsAccountFactory(organization=anna.organization, customer=anna, program=other)
    assert "Outlet" in text_of(administrator.get(address("goodwill", anna)))
    send(administrator, "goodwill", anna, account_id=str(account.pk), points="7", reason="Thank-you")
    account.refresh_from_db()
    points.refresh_from_db()
    assert (account.balance, points.balance) == (7, 100)


def test_a_customer_without_points_gets_no_goodwill(administrator: Client, store: Store) -> None:
    customer = CustomerFactory(organization=store.organization, firstname="Zoe", lastname="")
    assert administrator.get(address("goodwill", customer))["Location"] == page_of("customers_customer", customer)
    assert "Zoe has no points: only members of a program have." in text_of(administrator.get("/admin/"))


def test_store_staff_need_a_limit_for_goodwill(seller: Client, anna: Customer, points: PointsAccount) -> None:
    assert seller.get(address("goodwill", anna)).status_code == 403
    anna.organization.flags = {"ADJUSTMENT_LIMIT_STORE_STAFF": 5}
    anna.organization.save()
    assert send(seller, "goodwill", anna, points="5", reason="Thank-you").status_code == 302


@pytest.mark.parametrize("page", ["goodwill", "redeem", "adjust"])
def test_what_is_due_is_settled_before_a_dialog_shows_a_balance(
    administrator: Client, anna: Customer, points: PointsAccount, page: str
) -> None:
    points.lots.update(expires_on=date(2026, 1, 31))
    PointsAccount.objects.filter(pk=points.pk).update(due_at=datetime(2026, 1, 31, 18, 30, tzinfo=UTC))
    adjust = reverse("admin:engagement_pointsaccount_adjust", args=[points.pk])
    shown = administrator.get(adjust if page == "adjust" else address(page, anna))
    assert "Balance: 0 points" in text_of(shown)


def test_a_coupon_is_shown_before_it_is_issued_once(administrator: Client, anna: Customer) -> None:
    series = open_series(anna.organization, max_per_customer=1)
    sent = typed(administrator, "issue_coupon", anna, series=str(series.series.pk), reason="Late parcel")
    shown = administrator.post(address("issue_coupon", anna), sent)
    assert "Anna Rao gets: " in text_of(shown)
    assert "good until" in text_of(shown)
    assert not Coupon.objects.exists()
    for _ in range(2):
        answer = administrator.post(address("issue_coupon", anna), {**sent, "seen": shown.context["form"].seen})
        assert answer["Location"] == page_of("customers_customer", anna)
    coupon = Coupon.objects.get()
    assert (coupon.customer, coupon.made_by) == (anna, "staff:asha")
    assert AuditEntry.objects.get(object_type="coupon").new["reason"] == "Late parcel"
    sent = typed(administrator, "issue_coupon", anna, series=str(series.series.pk), reason="Again")
    refused = administrator.post(address("issue_coupon", anna), sent).context["form"]
    assert refused.errors == {"__all__": ["The customer has all the coupons that the series allows."]}


def test_a_series_that_has_issued_all_is_refused_before(administrator: Client, anna: Customer, store: Store) -> None:
    series = open_series(anna.organization, max_coupons=1)
    hold(CustomerFactory(organization=store.organization), series, by=staff_of(store.organization))
    sent = typed(administrator, "issue_coupon", anna, series=str(series.series.pk), reason="Sorry")
    refused = administrator.post(address("issue_coupon", anna), sent).context["form"]
    assert refused.errors == {"__all__": ["The series is switched off, is over, or has issued all its coupons."]}


def test_without_a_series_there_is_no_coupon(administrator: Client, anna: Customer) -> None:
    assert administrator.get(address("issue_coupon", anna))["Location"] == page_of("customers_customer", anna)


def test_a_dialog_learns_where_success_leads(administrator: Client, anna: Customer, points: PointsAccount) -> None:
    sent = confirmed(typed(administrator, "goodwill", anna, points="5", reason="Thank-you"))
    answer = administrator.post(address("goodwill", anna), sent, headers={DIALOG_HEADER: "1"})
    assert (answer.status_code, answer[LOCATION_HEADER]) == (204, page_of("customers_customer", anna))
    assert "Anna Rao: +5 points." in text_of(administrator.get("/admin/"))


def test_a_dialog_learns_that_the_log_in_is_over(client: Client, anna: Customer) -> None:
    answer = client.get(address("goodwill", anna), headers={DIALOG_HEADER: "1"})
    assert (answer.status_code, answer[LOCATION_HEADER].startswith("/admin/login/")) == (204, True)


def test_what_a_desk_does_all_day_asks_for_no_password_again(
    administrator: Client, anna: Customer, points: PointsAccount, till: Till
) -> None:
    sale = BillFactory(till=till, customer=anna)
    ticket = TicketFactory(customer=anna)
    open_series(anna.organization)
    session = administrator.session
    session["confirmed_at"] = 0
    session.save()
    redeem(anna, points.program, 40, "2026-01-05 12:00:00", till=till)
    pages = [address(name, anna) for name in PAGES]
    pages += [
        reverse("admin:engagement_pointsaccount_adjust", args=[points.pk]),
        reverse("admin:engagement_bill_give_back", args=[sale.pk]),
        *(reverse(f"admin:tickets_ticket_give_{gift}", args=[ticket.pk]) for gift in ("points", "coupon")),
    ]
    assert [page for page in pages if administrator.get(page).status_code != 200] == []
    for name in ("merge", "erase", "export_person"):
        other = [CustomerFactory(organization=anna.organization).pk] if name == "merge" else []
        page = reverse(f"admin:customers_customer_{name}", args=[anna.pk, *other])
        assert administrator.get(page)["Location"].startswith("/admin/confirm-password/")


def test_the_program_of_a_customer_who_is_in_none_is_not_guessed(anna: Customer, administrator: Client) -> None:
    Program.objects.update(is_active=False)
    assert administrator.get(address("goodwill", anna))["Location"] == page_of("customers_customer", anna)
