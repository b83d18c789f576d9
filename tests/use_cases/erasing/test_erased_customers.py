"""An erased customer in every write: it refuses, or registers another customer; nothing is written onto the erased one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction

from customers.erasure.values import remove_value
from customers.profile.models import Customer
from customers.statuses.services import set_status
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import issue_code
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.services import approve_adjustment, reject_adjustment
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.coupons.issuing import IssueRequest, issue_coupon
from engagement.coupons.reactivating import expire_coupon, reactivate_coupon
from engagement.coupons.redeeming import redeem_coupon
from engagement.notes.rules import SentNote
from engagement.notes.services import keep_notes
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Tier
from engagement.redemptions.redeeming import redeem_points
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import reverse_redemption
from engagement.tier_setting.staff import set_tier_by_hand
from loyalty_project import clock
from loyalty_project.db.errors import is_repeated
from loyalty_project.protocol.codes import Transport
from organizations.audit.actors import Actor, command_actor
from organizations.back_office.refusals import refusal_of
from organizations.personal_data import Person, read_personal
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.factories.adjustments import adjust, staff_of
from tests.factories.bills import BillLineFactory, Shop
from tests.factories.coupons import hold, open_series, use, use_of
from tests.factories.coupons import refusal_of as code_of
from tests.factories.customers import CustomerFactory
from tests.factories.groups import UserGroupFactory
from tests.factories.locations import till_actor
from tests.factories.redemptions import redeem
from tests.factories.referrals import open_campaign
from tests.factories.segments import SegmentFactory
from tests.factories.tickets import TicketFactory
from tests.imports import refused
from tests.use_cases.merges import merge, send
from tickets.choices.catalog import load_ticket_choices
from tickets.links.services import link_ticket
from tickets.ticket.models import Ticket
from tickets.ticket.rules import TicketInput
from tickets.ticket.services import change_ticket, comment_on_ticket
from use_cases.erasure import PERSONAL_ROWS, erase_customer
from use_cases.merging import MergeRefusedError

pytestmark = pytest.mark.django_db

MOBILE: Final = "919812377777"


@pytest.fixture
def erased(shop: Shop, organization: Organization) -> Customer:
    """An erased customer with a bill, points, a redemption, a used coupon, adjustments and a ticket."""
    customer = send(shop.till, mobile=MOBILE, firstname="Ann").customer
    sale = shop.record(shop.draft("lift", 1000, customer_id=customer.pk)).recorded.bill
    BillLineFactory(bill=sale)
    account = PointsAccount.objects.get(customer=customer)
    adjust(account, 50)
    adjust(account, 70, limit=60)
    redeem(customer, account.program, 10, "2026-03-05 12:00:00", till=shop.till)
    use(hold(customer, open_series(organization), by=till_actor(shop.till)), till_actor(shop.till))
    TicketFactory(customer=customer)
    erase_customer(customer.pk, basis="Request 17", by=command_actor("erase_customer", organization))
    return Customer.objects.get(pk=customer.pk)


def everything_about(customer: Customer) -> dict[str, Any]:
    """All stored rows of the customer."""
    person = Person(customers=[customer.pk], values=[MOBILE])
    return {rows.name: read_personal(rows, person) for rows in PERSONAL_ROWS}


@pytest.fixture
def unchanged(erased: Customer) -> Iterator[None]:
    """Checks that a test leaves all rows of the erased customer as they were."""
    before = everything_about(erased)
    yield
    assert everything_about(erased) == before


@pytest.fixture
def staff(organization: Organization) -> Actor:
    return staff_of(organization)


# --- calls of tills


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        ("update", {"firstname": "Back"}, "1024"),
        ("update", {"email": "back@example.com"}, "618"),
        ("add", {"firstname": "Back"}, "1007"),
        ("notes", {"notes": {"note": [{"description": "Ann again"}]}}, "1011"),
        ("tickets", {"ticket": {"subject": "Kettle", "message": "It leaks"}}, "1011"),
        ("preferences", {"store": {"id": "1"}}, "1011"),
        ("referrals", {"referrals": {"referral_type": [{"type": "EMAIL", "referral": []}]}}, "1011"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_calls_by_the_id_are_refused(action: str, more: dict[str, Any], code: str, erased: Customer, shop: Shop) -> None:
    open_campaign(shop.organization)
    item = {"id": str(erased.pk), "user_id": str(erased.pk), **more}
    answer = Api(shop.till).call("POST", action, "", {"root": {"customer": [item]}})
    found = answer.response.get("customers", answer.response)["customer"]
    (customer,) = found if isinstance(found, list) else [found]
    assert customer["item_status"]["code"] == code


@pytest.mark.usefixtures("unchanged")
def test_a_consent_by_the_id_is_refused(erased: Customer, shop: Shop) -> None:
    item = {"id": str(erased.pk), "channel": "SMS", "priority": "BULK", "scope": "ALL", "is_subscribed": "1"}
    answer = Api(shop.till).call("POST", "subscriptions", "", {"root": {"subscription": [item]}})
    (consent,) = answer.response["subscriptions"]["subscription"]
    assert consent["item_status"]["code"] == "1104"


@pytest.mark.usefixtures("unchanged")
def test_the_former_mobile_registers_another_customer(erased: Customer, shop: Shop) -> None:
    again = send(shop.till, mobile=MOBILE, firstname="Ann")
    assert (again.is_new, again.customer.pk == erased.pk) == (True, False)
    assert shop.record(shop.draft("next", 100, customer_id=again.customer.pk)).recorded.bill.customer == again.customer


@pytest.mark.parametrize("kind", ["sale", "return", "nameless return"])
@pytest.mark.usefixtures("unchanged")
def test_bills_and_returns_are_refused(kind: str, erased: Customer, shop: Shop) -> None:
    sale = shop.draft("next", 100, customer_id=erased.pk)
    returned = shop.returned("lift", 100, customer_id=erased.pk)
    draft = {"sale": sale, "return": returned, "nameless return": replace(returned, customer_id=None)}[kind]
    assert shop.refusal(draft) == 681


@pytest.mark.usefixtures("unchanged")
def test_points_and_coupons_are_neither_used_nor_given_back(erased: Customer, shop: Shop, organization: Organization) -> None:
    by, references = till_actor(shop.till), {"id": str(erased.pk)}
    account = PointsAccount.objects.get(customer=erased)
    (redemption,) = account.redemptions.all()
    coupon = erased.coupons.get()
    used = coupon.redemptions.get()
    open_series(organization, "OTHER")
    refusals = [
        code_of(lambda: redeem_points(RedemptionRequest(points="5", references=references), by=by)),
        code_of(lambda: reverse_redemption(ReversalRequest(redemption_id=redemption.code), by=by)),
        code_of(lambda: issue_coupon(IssueRequest(series="OTHER", references=references), by=by)),
        code_of(lambda: redeem_coupon(use_of(coupon), by=by)),
        code_of(lambda: reactivate_coupon(str(used.pk), by=by)),
    ]
    assert refusals == [816, 816, 701, 701, 701]


@pytest.mark.usefixtures("unchanged")
def test_a_customer_is_merged_neither_into_nor_with_them(erased: Customer, shop: Shop, organization: Organization) -> None:
    other = CustomerFactory(organization=organization, with_identifiers=True)
    for survivor, victim in [(erased, other), (other, erased)]:
        with pytest.raises(MergeRefusedError, match="status forbids"):
            merge(shop.till, survivor, victim)


# --- files


@pytest.mark.parametrize(
    ("command", "row", "code"),
    [
        ("import_notes", {"description": "Ann again"}, "1011"),
        ("import_tickets", {"subject": "Kettle"}, "1011"),
        ("import_interactions", {"network": "capillary", "type": "EMAIL", "time": "2026-01-05 10:00:00"}, "1011"),
        ("import_recommendations", {"item_sku": "TENT-2"}, "1011"),
        (
            "import_referrals",
            {"campaign_token": "FRIENDS", "channel": "EMAIL", "name": "Ravi", "identifier": "friend@example.com"},
            "1011",
        ),
        ("import_coupons", {"series": "TENTH"}, "1011"),
        ("import_segments", {"segment": "Value", "partition": "High"}, "1011"),
        ("import_user_groups", {"group": "RAO"}, "1011"),
        ("import_cards", {"series": "GOLD", "card_number": "G-1"}, "1011"),
        ("import_customers", {"firstname": "Back"}, "1024"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_rows_of_files_are_refused(
    command: str, row: dict[str, str], code: str, erased: Customer, organization: Organization, tmp_path: Path
) -> None:
    SegmentFactory(organization=organization, name="Value", partitions=["High"])
    UserGroupFactory(organization=organization, external_id="RAO")
    open_campaign(organization)
    assert refused(command, tmp_path, {"id": str(erased.pk), **row})["error_code"] == code


# --- staff and operators


def _note(erased: Customer, by: Actor) -> object:
    note = SentNote(number="", description="Ann again", date="", noted_at=None, is_sound=True)
    return keep_notes(erased.pk, [note], by=by)


def _account(erased: Customer) -> PointsAccount:
    return PointsAccount.objects.get(customer=erased)


def _tier(erased: Customer, by: Actor) -> object:
    membership = Membership.objects.get(customer=erased)
    return set_tier_by_hand(membership, Tier.objects.get(name="Gold"), reason="Ann again", by=by)


def _change(erased: Customer, by: Actor) -> object:
    return change_ticket(erased.tickets.get(), TicketInput(subject="Ann"), choices=load_ticket_choices(), by=by)


def _take_back(erased: Customer, by: Actor) -> object:
    entry = PointsAdjustment.objects.get(customer=erased, points=50).entry_id or 0
    return take_back_adjustment(entry, reason="Ann again", limit=None, by=by)


def _approve(erased: Customer, _by: Actor) -> object:
    adjustment = PointsAdjustment.objects.get(customer=erased, points=70)
    return approve_adjustment(adjustment.pk, limit=None, by=staff_of(erased.organization, "robin"))


_OF_STAFF: Final[dict[str, Callable[[Customer, Actor], object]]] = {
    "note": _note,
    "adjustment": lambda erased, _by: adjust(_account(erased), 5, reason="Ann again"),
    "approval": _approve,
    "taking back": _take_back,
    "tier": _tier,
    "status": lambda erased, by: set_status(erased, None, reason="Ann again", by=by),
    "value": lambda erased, by: remove_value(erased.pk, "mobile", reason="Ann again", by=by),
    "code": lambda erased, by: issue_code(erased.pk, purpose=ValidationCode.Purpose.IDENTITY, by=by, now=clock.now()),
    "coupon": lambda erased, by: expire_coupon(erased.coupons.get(), by=by, reason="Ann again"),
    "ticket": _change,
    "comment": lambda erased, by: comment_on_ticket(Ticket.objects.get(customer=erased), "Ann again", by=by),
    "link": lambda erased, by: link_ticket(Ticket.objects.get(customer=erased), "bill", "lift", by=by),
}


@pytest.mark.parametrize("work", _OF_STAFF.values(), ids=_OF_STAFF)
@pytest.mark.usefixtures("unchanged")
def test_work_of_staff_is_refused_with_a_sentence(
    work: Callable[[Customer, Actor], object], erased: Customer, staff: Actor
) -> None:
    with pytest.raises(OperationalError) as refusal, transaction.atomic():
        work(erased, staff)
    # A call or a row of a file is repeated, and its look-up refuses; a form shows the sentence of 8109.
    assert is_repeated(refusal.value)
    assert refusal_of(refusal.value, {}) is Transport.CUSTOMER_ERASED


def test_a_waiting_adjustment_can_still_be_rejected(erased: Customer, organization: Organization) -> None:
    adjustment = PointsAdjustment.objects.get(customer=erased, points=70)
    rejected = reject_adjustment(adjustment.pk, reason="The account is gone", by=staff_of(organization, "robin"))
    assert rejected.status == PointsAdjustment.Status.REJECTED


@pytest.mark.usefixtures("unchanged")
def test_an_operator_gets_no_code_for_them(erased: Customer, organization: Organization) -> None:
    with pytest.raises(CommandError, match="no customer"):
        call_command("issue_otp", "--organization", organization.code, "--customer", str(erased.pk))
