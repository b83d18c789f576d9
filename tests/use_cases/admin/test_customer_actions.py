"""What staff do for one customer: who may, whose customers, what is shown before, and that it is done once."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from engagement.adjustments.models import PointsAdjustment
from engagement.bills.models import Bill
from engagement.coupons.models import Coupon
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from engagement.redemptions.models import Redemption
from loyalty_project.encryption import unseal
from organizations.audit.models import AuditEntry
from organizations.back_office.middleware import DIALOG_HEADER, LOCATION_HEADER
from organizations.locations.models import Store, Till
from tests.back_office import confirmed, log_in, page_of, register, text_of
from tests.factories.adjustments import staff_of
from tests.factories.bills import BillFactory
from tests.factories.coupons import hold, open_series
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramFactory, ProgramVersionFactory
from tests.factories.redemptions import redeem
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import TicketFactory
from use_cases.admin.customer_actions import PAGES


def address(name: str, customer: Customer) -> str:
    return reverse(f"admin:customers_customer_{name}", args=[customer.pk])


def typed(browser: Client, name: str, customer: Customer, **values: Any) -> dict[str, Any]:
    """What the page's form sends: its initial values, and those that are typed."""
    form = browser.get(address(name, customer)).context["form"]
    sent = {key: form.get_initial_for_field(field, key) for key, field in form.fields.items()}
    return {key: value for key, value in {**sent, **values}.items() if value is not None and value is not False}


def send(browser: Client, name: str, customer: Customer, **values: Any) -> HttpResponse:
    """The answer to the form after its preview."""
    return browser.post(address(name, customer), confirmed(typed(browser, name, customer, **values)))


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


# --- who may


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


# --- goodwill


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


# --- coupons


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


# --- redemption


def test_points_are_redeemed_with_a_code_that_was_sent(
    administrator: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    sent = typed(administrator, "redeem", anna, points="40", store=str(store.pk), bill="B-7")
    shown = administrator.post(address("redeem", anna), {**sent, "send_code": "1"})
    text = text_of(shown)
    assert "40 points pay 20.00 INR" in text
    assert "New balance: 60 points = 30.00 INR." in text
    assert "A code was sent by SMS. It is good until" in text
    message = OutboxMessage.objects.order_by("pk")[0]
    (code,) = re.findall(r"\b[A-Z0-9]{6}\b", unseal(message.text) or "")
    wrong = administrator.post(address("redeem", anna), confirmed({**sent, "code": "000000"}))
    assert wrong.context["form"].errors["code"] == [
        'This is not the code that was sent, or it is not valid any more. <small class="bo-code">(808)</small>'
    ]
    assert ValidationCode.objects.get().tries == 1
    for _ in range(2):
        answer = administrator.post(address("redeem", anna), confirmed({**sent, "code": code}))
        assert answer["Location"] == page_of("customers_customer", anna)
    redemption = Redemption.objects.get()
    assert (redemption.points, redemption.entry.store, redemption.entry.made_by) == (40, store, "staff:asha")
    assert redemption.transaction_number == "B-7"
    assert "40 points redeemed for 20.00 INR" in text_of(administrator.get("/admin/"))


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "101"}, "points", "The customer does not have so many points. "),
        ({"points": "0"}, "points", "Enter a number of points above 0. "),
        ({"points": "1.5"}, "points", "The program does not have so many decimals. "),
        ({"store": ""}, "store", "This field is required."),
        ({"bill": "x" * 101}, "bill", "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_a_refused_redemption_is_explained_at_its_field(
    administrator: Client,
    anna: Customer,
    points: PointsAccount,
    store: Store,
    values: dict[str, str],
    field: str,
    error: str,
) -> None:
    sent = typed(administrator, "redeem", anna, **{"points": "5", "store": str(store.pk), **values})
    errors = administrator.post(address("redeem", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_nothing_is_redeemed_without_a_code(administrator: Client, anna: Customer, points: PointsAccount, store: Store) -> None:
    answer = send(administrator, "redeem", anna, points="5", store=str(store.pk))
    assert answer.context["form"].errors["code"][0].startswith("Enter the code that the customer got.")
    assert not Redemption.objects.exists()


def test_store_staff_redeem_at_their_own_stores_alone(
    seller: Client, anna: Customer, points: PointsAccount, store: Store, indiranagar: Till
) -> None:
    form = seller.get(address("redeem", anna)).context["form"]
    assert list(form.fields["store"].stores) == [str(store.pk)]
    sent = typed(seller, "redeem", anna, points="5", store=str(indiranagar.store_id))
    assert list(seller.post(address("redeem", anna), sent).context["form"].errors) == ["store"]


# --- reversal


@pytest.fixture
def redemption(points: PointsAccount, till: Till) -> Redemption:
    """40 points that Anna got beside the 100, redeemed."""
    made: Redemption = redeem(points.customer, points.program, 40, "2026-01-05 12:00:00", till=till)
    return made


def more(browser: Client, customer: Customer) -> set[str]:
    return {button.title for button in browser.get(page_of("customers_customer", customer)).context["more"]}


def test_a_redemption_is_reversed_once_after_its_preview(
    administrator: Client, anna: Customer, points: PointsAccount, redemption: Redemption
) -> None:
    assert "Reverse a redemption" in more(administrator, anna)
    assert f"{redemption.code}: 40 of 40 points, 2026-01-05" in text_of(administrator.get(address("reverse_redemption", anna)))
    sent = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), points="15", reason="Wrong item")
    shown = text_of(administrator.post(address("reverse_redemption", anna), sent))
    assert "15 points come back New balance: 115 points = 57.50 INR." in shown
    redemption.refresh_from_db()
    assert redemption.reversed == 0
    for _ in range(2):
        answer = administrator.post(address("reverse_redemption", anna), confirmed(sent))
        assert answer["Location"] == page_of("customers_customer", anna)
    redemption.refresh_from_db()
    points.refresh_from_db()
    assert (redemption.reversed, points.balance) == (15, 115)
    entry = redemption.reversals.get().entry
    assert (entry.note, entry.made_by) == ("Wrong item", "staff:asha")
    audited = AuditEntry.objects.get(object_type="redemption")
    assert (audited.action, audited.new) == ("reversed", {"points": "15", "reason": "Wrong item"})
    # Blank: all that is left. Then there is nothing more to reverse.
    last = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), points="", reason="All of it")
    for _ in range(2):
        assert administrator.post(address("reverse_redemption", anna), confirmed(last)).status_code == 302
    redemption.refresh_from_db()
    assert redemption.reversed == 40
    assert administrator.get(address("reverse_redemption", anna))["Location"] == page_of("customers_customer", anna)
    assert "Reverse a redemption" not in more(administrator, anna)


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "41"}, "points", "These are more points than are left of this redemption."),
        ({"points": "0"}, "points", "Enter a number of points above 0."),
        ({"points": "x"}, "points", "Enter a number in plain digits"),
        ({"redemption": "999999999"}, "redemption", "Select a valid choice."),
        ({"reason": ""}, "reason", "This field is required."),
    ],
)
def test_a_refused_reversal_is_explained_at_its_field(
    administrator: Client, anna: Customer, redemption: Redemption, values: dict[str, str], field: str, error: str
) -> None:
    sent = typed(administrator, "reverse_redemption", anna, **{"redemption": str(redemption.pk), "reason": "Wrong", **values})
    errors = administrator.post(address("reverse_redemption", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_points_past_their_last_day_lapse_at_the_reversal_as_previewed(
    administrator: Client, anna: Customer, points: PointsAccount, redemption: Redemption
) -> None:
    points.lots.update(expires_on=date(2026, 1, 31))
    PointsAccount.objects.update(due_at=datetime(2026, 1, 31, 18, 30, tzinfo=UTC))
    sent = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), reason="Wrong item")
    shown = text_of(administrator.post(address("reverse_redemption", anna), sent))
    assert "40 points come back" in shown
    assert "40 of them are past their last day, and expire at once. New balance: 0 points" in shown
    administrator.post(address("reverse_redemption", anna), confirmed(sent))
    points.refresh_from_db()
    assert (points.balance, redemption.reversals.get().points) == (0, 40)


def test_without_the_policy_nothing_is_reversed(administrator: Client, anna: Customer, redemption: Redemption) -> None:
    anna.organization.flags = {"CONF_ALLOW_POINTS_REDEMPTION_REVERSAL": False}
    anna.organization.save()
    assert "Reverse a redemption" not in more(administrator, anna)
    assert administrator.get(address("reverse_redemption", anna))["Location"] == page_of("customers_customer", anna)


def test_store_staff_reverse_nothing(seller: Client, anna: Customer, redemption: Redemption) -> None:
    assert "Reverse a redemption" not in more(seller, anna)
    assert seller.get(address("reverse_redemption", anna)).status_code == 403


# --- bills


def bill(**values: Any) -> dict[str, Any]:
    lines = {"lines-item": ["KETTLE", "MUG"], "lines-quantity": ["1", "2"], "lines-amount": ["200", "50"]}
    return {"number": "B-100", "day": "2026-01-05", "token": "0", "amount": "", **lines, **values}


def test_a_bill_is_recorded_with_its_lines_and_points_once(
    administrator: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    assert administrator.get(address("record_bill", anna)).status_code == 200
    typed_bill = bill(store=str(store.pk))
    shown = administrator.post(address("record_bill", anna), typed_bill)
    assert "250.00 INR: it earns 12 points = 6.00 INR" in text_of(shown)
    assert not Bill.objects.exists()
    for _ in range(2):
        answer = administrator.post(address("record_bill", anna), confirmed(typed_bill))
        assert answer["Location"] == page_of("customers_customer", anna)
    recorded = Bill.objects.get()
    assert (recorded.number, recorded.amount, recorded.store, recorded.recorded_by) == ("B-100", 250, store, "staff:asha")
    assert list(recorded.lines.order_by("position").values_list("item_code", "quantity", "amount")) == [
        ("KETTLE", 1, 200),
        ("MUG", 2, 50),
    ]
    points.refresh_from_db()
    assert points.balance == 112
    assert "bill B-100 of 250.00 INR, 12 points." in text_of(administrator.get("/admin/"))


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"number": "B-1"}, "number", "A bill of this number is recorded already. "),
        ({"number": "x" * 51}, "number", "Ensure this value has at most 50 characters (it has 51)."),
        ({"day": "2099-01-01"}, "day", "The day is too far in the future. "),
        ({"day": "1900-01-01"}, "day", "The day is too far in the past. "),
        ({"amount": "x"}, "amount", "Enter an amount in plain digits, such as 19.90."),
        ({"lines-item": ["", ""], "lines-amount": ["", ""], "lines-quantity": ["", ""]}, "amount", "Enter the amount"),
        ({"store": ""}, "store", "This field is required."),
    ],
)
def test_a_refused_bill_is_explained_at_its_field(
    administrator: Client, anna: Customer, till: Till, values: dict[str, Any], field: str, error: str
) -> None:
    BillFactory(till=till, customer=anna, number="B-1", billed_at=datetime(2026, 1, 5, 9, tzinfo=UTC))
    sent = bill(**{"store": str(till.store_id), **values})
    errors = administrator.post(address("record_bill", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_store_staff_record_no_bills(seller: Client, anna: Customer, store: Store) -> None:
    assert seller.post(address("record_bill", anna), bill(store=str(store.pk))).status_code == 403


# --- simulation


def test_what_a_bill_would_earn_is_shown_rule_by_rule(
    auditor: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    page = auditor.get(address("simulate_bill", anna) + f"?amount=250&store={store.pk}&day=2026-01-05")
    form = page.context["form"]
    assert (form["amount"].value(), form["day"].value()) == ("250", "2026-01-05")
    shown = text_of(
        auditor.post(address("simulate_bill", anna), {"amount": "250", "day": "2026-01-05", "store": str(store.pk)})
    )
    assert "It earns 12 points = 6.00 INR" in shown
    assert "Rule base gives 12 regular points; they never expire." in shown
    assert not Bill.objects.exists()


def test_the_lines_of_a_simulated_bill_make_its_amount(auditor: Client, anna: Customer, points: PointsAccount) -> None:
    lines = {"lines-item": ["KETTLE", "", "MUG"], "lines-quantity": ["", "", "2"], "lines-amount": ["40", "", "2.50"]}
    answer = auditor.post(address("simulate_bill", anna), {"amount": "", "day": "2026-01-05", **lines})
    form = answer.context["form"]
    assert form.cleaned_data["amount"] == Decimal("42.50")
    assert [(line.item_code, line.quantity, line.amount) for line in form.cleaned_data["lines"]] == [
        ("KETTLE", 1, 40),
        ("MUG", 2, Decimal("2.50")),
    ]


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({}, "amount", "Enter the amount of the bill, or its lines."),
        ({"amount": "-1"}, "amount", "Enter an amount in plain digits, such as 19.90."),
        ({"amount": "1", "day": "x"}, "day", "Enter a valid date."),
        ({"amount": "1", "store": "0"}, "store", "Select a valid choice. 0 is not one of the available choices."),
        ({"lines-amount": ["1"]}, "lines", "Line 1: enter the code of the item, of at most 100 characters."),
        (
            {"lines-item": ["A"], "lines-quantity": ["0"]},
            "lines",
            "Line 1: the quantity is a number above 0, such as 1 or 2.5.",
        ),
        ({"lines-item": ["A"], "lines-amount": ["x"]}, "lines", "Line 1: enter the amount in plain digits, such as 19.90."),
    ],
)
def test_what_cannot_be_simulated_is_explained_at_its_field(
    auditor: Client, anna: Customer, values: dict[str, Any], field: str, error: str
) -> None:
    empty = {"amount": "", "day": "2026-01-05", "lines-item": [""], "lines-quantity": [""], "lines-amount": [""]}
    answer = auditor.post(address("simulate_bill", anna), {**empty, **values})
    assert answer.context["form"].errors == {field: [error]}


def test_a_bill_of_a_customer_in_no_program_earns_nothing(auditor: Client, store: Store) -> None:
    customer = CustomerFactory(organization=store.organization)
    answer = auditor.post(address("simulate_bill", customer), {"amount": "10", "day": "2026-01-05"})
    assert "It earns nothing" in text_of(answer)


# --- dialogs


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
