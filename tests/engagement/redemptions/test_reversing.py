"""How do redeemed points come back?"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsConsumption, PointsLot
from engagement.redemptions.models import RedemptionReversal
from engagement.redemptions.requests import ReversalRequest
from engagement.redemptions.reversing import reverse_redemption
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, bring_back, member, open_chain, order, redeem
from tests.factories.points import give_points

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(moment: time_machine.Traveller) -> Iterator[Chain]:
    chain = open_chain()
    with organization_scope(chain.organization):
        yield chain


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    """100 points: 40 until the end of May, 60 for ever."""
    account = member(chain, 0)
    give_points(account, 60)
    give_points(account, 40, expiry=Expiry(date(2026, 5, 31)))
    return account


def refusal_of(chain: Chain, **wish: Any) -> int:
    try:
        with transaction.atomic():
            reverse_redemption(ReversalRequest(**wish), by=chain.blr)
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0


def left(account: PointsAccount) -> list[int]:
    """What is left of the lots, the one that expires first."""
    return [int(left) for left in PointsLot.objects.filter(account=account).order_by("-pk").values_list("left", flat=True)]


def figures(account: PointsAccount) -> tuple[int, ...]:
    account.refresh_from_db()
    return int(account.balance), int(account.redeemed), int(account.expired)


def test_points_come_back_in_parts_last_spent_first(chain: Chain, asha: PointsAccount) -> None:
    redeemed = redeem(order(asha, "70"), chain.blr)
    assert left(asha) == [0, 30]
    first = bring_back(redeemed, chain.delhi, "40", notes="Came back")
    assert left(asha) == [10, 60]
    assert (first.balance, first.lapsed, first.available, first.customer_id) == (70, 0, 40, asha.customer_id)
    assert (first.reversal.points, first.reversal.entry.kind, first.reversal.entry.note) == (40, "REVERSAL", "Came back")
    assert (first.reversal.entry.reverses, first.reversal.entry.till) == (redeemed.redemption.entry, chain.delhi.till)
    assert figures(asha) == (70, 30, 0)
    rest = bring_back(redeemed, chain.blr)
    assert (rest.reversal.points, left(asha)) == (30, [40, 60])
    assert figures(asha) == (100, 0, 0)
    assert sum(PointsConsumption.objects.values_list("points", flat=True)) == 0


def test_what_expired_meanwhile_goes_straight_to_expired(
    chain: Chain, asha: PointsAccount, moment: time_machine.Traveller
) -> None:
    redeemed = redeem(order(asha, "70"), chain.blr)
    moment.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    back = bring_back(redeemed, chain.blr, external_reference="R-1")
    assert (back.balance, back.lapsed, back.available) == (60, 40, 30)
    assert figures(asha) == (60, 0, 40)
    again = bring_back(redeemed, chain.blr, external_reference="R-1")
    assert (again.is_replay, again.balance, again.lapsed, again.reversal) == (True, 60, 40, back.reversal)


def test_a_redemption_is_found_by_code_by_id_and_by_the_bills_number(chain: Chain, asha: PointsAccount) -> None:
    whose = {"id": str(asha.customer_id)}
    redeemed = redeem(order(asha, "30", transaction_number="T-1"), chain.blr)
    assert refusal_of(chain, redemption_id=str(redeemed.redemption.pk), points="5") == 0
    assert refusal_of(chain, transaction_number="T-1", references=whose, points="5") == 0
    assert refusal_of(chain, redemption_id=redeemed.redemption.code, references=whose, points="5") == 0
    redeemed.redemption.bill = BillFactory(customer=asha.customer, number="B-1", billed_at=NOON)
    redeemed.redemption.save(update_fields=["bill"])
    assert refusal_of(chain, transaction_number="B-1", references=whose, points="5") == 0
    assert figures(asha) == (90, 10, 0)


def test_refusals_of_a_reversal(chain: Chain, asha: PointsAccount) -> None:
    whose = {"id": str(asha.customer_id)}
    code = redeem(order(asha, "30", transaction_number="T-1"), chain.blr).redemption.code
    other = {"id": str(member(chain, mobile="919812345679").customer_id)}
    assert refusal_of(chain) == 901
    for wrong in (
        {"points": "x"}, {"points": "0"}, {"notes": "n" * 251}, {"external_reference": "1" * 101},
    ):  # fmt: skip
        assert refusal_of(chain, redemption_id=code, **wrong) == 801
    assert refusal_of(chain, redemption_id=code, points="1.2345") == 878
    assert refusal_of(chain, redemption_id="zzzzz0") == 902
    assert refusal_of(chain, redemption_id="999999999999") == 902
    assert refusal_of(chain, redemption_id="short") == 902
    assert refusal_of(chain, redemption_id=code, references={"mobile": "12ab"}) == 802
    assert refusal_of(chain, redemption_id=code, references={"mobile": "9812345670"}) == 816
    assert refusal_of(chain, redemption_id=code, references=other) == 904
    assert refusal_of(chain, transaction_number="T-1") == 802
    assert refusal_of(chain, transaction_number="T-1", references=other) == 814
    redeem(order(asha, "20", transaction_number="T-1"), chain.blr)
    assert refusal_of(chain, transaction_number="T-1", references=whose) == 901
    assert refusal_of(chain, redemption_id=code, points="30.5") == 810
    assert refusal_of(chain, redemption_id=code, points="30") == 0
    assert refusal_of(chain, redemption_id=code, points="30") == 812
    chain.organization.flags = {"CONF_ALLOW_POINTS_REDEMPTION_REVERSAL": 0}
    assert refusal_of(chain) == 905


def test_a_reference_number_reverses_once(chain: Chain, asha: PointsAccount, moment: time_machine.Traveller) -> None:
    first, second = (redeem(order(asha, "30", external_reference=f"R-{number}"), chain.blr) for number in (1, 2))
    back = bring_back(first, chain.blr, "10", external_reference="B-1")
    moment.shift(timedelta(days=30))
    for points in ("10", ""):
        again = bring_back(first, chain.blr, points, external_reference="B-1")
        assert (again.is_replay, again.reversal, again.balance) == (True, back.reversal, 50)
    assert refusal_of(chain, redemption_id=first.redemption.code, points="20", external_reference="B-1") == 903
    assert refusal_of(chain, redemption_id=second.redemption.code, points="10", external_reference="B-1") == 903
    assert refusal_of(chain, redemption_id=second.redemption.code, points="10", external_reference="R-1") == 0
    assert RedemptionReversal.objects.count() == 2


def test_fraud_does_not_keep_points_away(chain: Chain, asha: PointsAccount) -> None:
    redeemed = redeem(order(asha), chain.blr)
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status="CONFIRMED")
    assert bring_back(redeemed, chain.delhi).balance == 100


def test_without_a_reference_a_repeated_part_is_a_further_reversal(chain: Chain, asha: PointsAccount) -> None:
    redeemed = redeem(order(asha), chain.blr)
    for _ in range(2):
        bring_back(redeemed, chain.blr, "10")
    assert figures(asha) == (90, 10, 0)
