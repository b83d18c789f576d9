"""Redemption of points at a till: what is stored, and the order of refusals"""

import secrets
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from engagement.redemptions.models import Redemption
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.redemptions.asking import ask, asked, code_refusal
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, bring_back, member, order, redeem, refusal_of
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db


def test_points_are_spent_and_the_redemption_is_printed(chain: Chain, asha: PointsAccount) -> None:
    done = redeem(
        order(
            asha,
            transaction_number="T-1",
            external_reference="R-1",
            purpose="Birthday",
            notes="By hand",
            custom_fields=[{"name": "desk", "value": "4"}, {"name": "", "value": "5"}, {"name": "empty"}],
        ),
        chain.blr,
    )
    asha.refresh_from_db()
    assert (asha.balance, asha.redeemed, done.balance, done.value) == (70, 30, 70, Decimal("7.50"))
    assert (done.customer_id, done.bill_id, done.notices, done.is_replay) == (asha.customer_id, None, [], False)
    redemption = Redemption.objects.get()
    assert len(redemption.code) == 6
    assert redemption.code.isalnum()
    assert (redemption.points, redemption.purpose, redemption.transaction_number) == (30, "Birthday", "T-1")
    assert redemption.custom_fields == [{"name": "desk", "value": "4"}]
    entry = redemption.entry
    assert (entry.kind, entry.points, entry.reference, entry.note) == ("REDEEM", -30, "R-1", "By hand")
    assert (entry.till, entry.store, entry.occurred_at, entry.recorded_at) == (chain.blr.till, chain.blr.store, NOON, NOON)
    assert entry.program_version is not None
    assert entry.explanation["because"] == "redemption"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"references": {}}, 802),
        ({"references": {"mobile": "  "}}, 802),
        ({"references": {"mobile": "12ab"}}, 802),
        ({"references": {"id": "x"}}, 802),
        ({"references": {"mobile": "9812345670"}}, 816),
        ({"references": {"id": "999999999"}, "points": "x"}, 816),
        ({"references": {"card_number": "G-1"}}, 816),
        ({"points": "0", "program_id": "999999999"}, 801),
        ({"points": "30.5", "redeemed_at": "soon"}, 878),
        ({"points": "30.5", "program_id": "x"}, 1101),
        ({"points": "30.1234", "program_id": "x"}, 878),
        ({"program_id": "999999999", "redeemed_at": "soon"}, 1101),
        ({"transaction_number": "1" * 101}, 801),
        ({"external_reference": "1" * 101}, 801),
        ({"purpose": "1" * 251}, 801),
        ({"notes": "1" * 251}, 801),
        ({"redeemed_at": "soon", "for_group": True}, 859),
        ({"for_group": True, "points": "5"}, 828),
        ({"points": "9"}, 821),
        ({"points": "61"}, 807),
        ({"points": "65"}, 819),
        ({"by_missed_call": True}, 823),
        ({"validation_code": "WRONG1"}, 808),
        ({}, 0),
    ],
)
def test_the_first_reason_is_reported(chain: Chain, asha: PointsAccount, more: dict[str, Any], code: int) -> None:
    assert refusal_of(order(asha, **more), chain.blr) == code
    asha.refresh_from_db()
    assert asha.balance == (100 if code else 70)


def test_the_balance_is_the_last_of_the_limits(chain: Chain) -> None:
    poor = member(chain, 40)
    assert refusal_of(order(poor, "65", by_missed_call=True), chain.blr) == 819
    assert refusal_of(order(poor, "45", by_missed_call=True), chain.blr) == 818
    assert refusal_of(order(poor, "40"), chain.blr) == 0


def test_strangers_to_the_program_are_881(chain: Chain, asha: PointsAccount) -> None:
    Customer.objects.filter(pk=asha.customer_id).update(type="NON_LOYALTY")
    assert refusal_of(order(asha, "x"), chain.blr) == 881
    Customer.objects.filter(pk=asha.customer_id).update(type="LOYALTY")
    assert refusal_of(order(asha, "x", program_id=str(chain.south.pk)), chain.blr) == 881
    nobody = CustomerFactory(organization=chain.organization)
    wish = order(asha, references={"id": str(nobody.pk)})
    assert refusal_of(wish, chain.blr) == 881


@pytest.mark.parametrize("status", ["CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_fraud_is_809_after_the_program_and_before_the_time(chain: Chain, asha: PointsAccount, status: str) -> None:
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status=status)
    assert refusal_of(order(asha, redeemed_at="soon"), chain.blr) == 809
    assert refusal_of(order(asha, program_id="x"), chain.blr) == 1101


def test_a_label_that_forbids_redeeming_is_3045_in_the_place_of_fraud(chain: Chain, asha: PointsAccount) -> None:
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status="CONFIRMED")
    label(asha.customer, CustomerStatusFactory(organization=chain.organization, blocks=["points_redeem"]))
    assert refusal_of(order(asha, redeemed_at="soon"), chain.blr) == 3045
    assert refusal_of(order(asha, program_id="x"), chain.blr) == 1101
    assert asked(ask(asha), chain) == 3045
    assert code_refusal({"id": str(asha.customer_id)}, "30", chain) == 3045
    label(asha.customer, CustomerStatusFactory(organization=chain.organization, blocks=["coupon_redeem"]))
    assert refusal_of(order(asha), chain.blr) == 0


def test_without_an_active_program_it_is_895(chain: Chain, asha: PointsAccount) -> None:
    Program.objects.update(is_active=False)
    assert refusal_of(order(asha), chain.blr) == 895
    assert refusal_of(order(asha, program_id=str(chain.club.pk)), chain.blr) == 1101


def test_the_tills_program_pays_for_its_members(chain: Chain, asha: PointsAccount) -> None:
    assert redeem(order(asha), chain.blr).redemption.account.program == chain.club
    south = PointsAccountFactory(organization=chain.organization, program=chain.south, customer=asha.customer)
    give_points(south, 20)
    assert redeem(order(asha, "7.25"), chain.blr).redemption.account.program == chain.south
    assert redeem(order(asha, "10"), chain.delhi).redemption.account.program == chain.club
    assert redeem(order(asha, "10", program_id=str(chain.club.pk)), chain.blr).redemption.account.program == chain.club
    assert redeem(order(asha, "1", program_id=str(chain.south.pk)), chain.delhi).value == 0


def test_of_several_references_the_first_known_counts(chain: Chain, asha: PointsAccount) -> None:
    wish = order(asha, references={"email": "nobody@example.com", "mobile": "98123 45678"})
    assert redeem(wish, chain.blr).customer_id == asha.customer_id


def test_points_that_expired_are_not_there_whether_or_not_a_night_passed(chain: Chain) -> None:
    ben = member(chain, 20)
    give_points(ben, 30, expiry=Expiry(date(2026, 4, 30)))
    give_points(ben, 30, opens_at=NOON + timedelta(hours=1))
    assert refusal_of(order(ben, "25"), chain.blr) == 818
    assert redeem(order(ben, "20"), chain.blr).balance == 0
    ben.refresh_from_db()
    assert (ben.expired, ben.promised) == (30, 30)


def test_a_day_has_its_limit_net_of_reversals_and_ends_at_midnight(
    chain: Chain, asha: PointsAccount, moment: time_machine.Traveller
) -> None:
    first = redeem(order(asha, "40"), chain.blr)
    assert refusal_of(order(asha, "25"), chain.blr) == 819
    assert refusal_of(order(asha, "25", redeemed_at="2026-04-29"), chain.delhi) == 819
    bring_back(first, chain.blr, "5")
    redeem(order(asha, "25", redeemed_at="2026-04-29"), chain.delhi)
    assert refusal_of(order(asha, "10"), chain.blr) == 819
    moment.move_to(datetime(2026, 5, 1, 18, 29, tzinfo=UTC))
    assert refusal_of(order(asha, "10"), chain.blr) == 819
    moment.move_to(datetime(2026, 5, 1, 18, 30, tzinfo=UTC))
    assert refusal_of(order(asha, "10"), chain.blr) == 0


@pytest.mark.parametrize("stated", ["2026-04-30 10:00:00", "2026-05-02 10:00:00"])
def test_a_stated_day_counts_for_the_limit_of_the_day_it_is_made(
    chain: Chain, asha: PointsAccount, moment: time_machine.Traveller, stated: str
) -> None:
    redeem(order(asha, "40", redeemed_at=stated), chain.blr)
    assert refusal_of(order(asha, "25"), chain.blr) == 819
    moment.shift(timedelta(days=1))
    assert refusal_of(order(asha, "25"), chain.blr) == 0


def test_back_dating_changes_the_stated_time_alone(chain: Chain, asha: PointsAccount) -> None:
    entry = redeem(order(asha, redeemed_at="2026-04-01 10:00:00"), chain.blr).redemption.entry
    assert entry.occurred_at == datetime(2026, 4, 1, 4, 30, tzinfo=UTC)
    assert entry.recorded_at == NOON


def test_a_code_that_is_taken_is_drawn_again(chain: Chain, asha: PointsAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("AAAAAA" "AAAAAA" "AAAAAB")  # fmt: skip
    monkeypatch.setattr(secrets, "choice", lambda _: next(drawn))
    assert [redeem(order(asha, "10"), chain.blr).redemption.code for _ in range(2)] == ["AAAAAA", "AAAAAB"]


def test_codes_that_are_always_taken_are_an_error(chain: Chain, asha: PointsAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "choice", lambda _: "A")
    redeem(order(asha, "10"), chain.blr)
    with pytest.raises(IntegrityError, match="redemption_code_unique"), transaction.atomic():
        redeem(order(asha, "10"), chain.blr)
    asha.refresh_from_db()
    assert asha.balance == 90


def test_a_redemption_is_tied_to_the_bill_that_is_there(chain: Chain, asha: PointsAccount) -> None:
    bill = BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=NOON)
    done = redeem(order(asha, "10", transaction_number="T-1"), chain.blr)
    assert (done.bill_id, done.redemption.bill, done.notices) == (bill.pk, bill, [])
    by_id = redeem(order(asha, "10", transaction_number=str(bill.pk)), chain.delhi)
    assert by_id.bill_id == bill.pk


def test_a_bill_of_another_customer_is_a_warning(chain: Chain, asha: PointsAccount) -> None:
    BillFactory(customer=CustomerFactory(organization=chain.organization), number="T-1", store=chain.blr.store, billed_at=NOON)
    for _ in range(2):
        done = redeem(order(asha, "10", transaction_number="T-1"), chain.blr)
        assert (done.bill_id, [int(notice.code) for notice in done.notices]) == (None, [873])
    assert done.is_replay


def test_customers_of_another_organization_are_unknown(chain: Chain, asha: PointsAccount) -> None:
    stranger = Organization.objects.create(code="bazaar", name="Bazaar", timezone="UTC", currency="USD")
    with organization_scope(stranger):
        by = till_actor(TillFactory(store__organization=stranger, store__code="main", code="bazaar.till1"))
        assert refusal_of(order(asha), by) == 816


def test_entries_are_counted_without_gaps(chain: Chain, asha: PointsAccount) -> None:
    for number in range(3):
        redeem(order(asha, "10", transaction_number=str(number)), chain.blr)
    assert list(PointsEntry.objects.order_by("version").values_list("version", flat=True)) == [1, 2, 3, 4]
