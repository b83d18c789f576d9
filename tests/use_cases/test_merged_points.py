"""Points in merges and their undoing: debts, days, tiers, references and answers."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction

from customers.merging.models import Merge
from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.checks.run import check_ledger
from engagement.points.expiry import Expiry
from engagement.points.ledger.posting import Kind, post
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import BillPoints, PointsAccount, PointsEntry, PointsLot
from engagement.points.settlement import settle_due
from engagement.points_import.posting import post_history
from engagement.points_import.rows import PointsRow
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Tier
from loyalty_project import clock
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import BillFactory, BillPointsFactory
from tests.factories.chains import NOON, Chain, bring_back, member, open_chain, order, redeem, refusal_of
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.points import facts, give_points, state_of
from use_cases.merging import MergeRefusedError, merge_customers, undo_merge

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def chain(moment: time_machine.Traveller) -> Iterator[Chain]:
    chain = open_chain()
    with organization_scope(chain.organization):
        yield chain


@pytest.fixture
def anna(chain: Chain) -> PointsAccount:
    return member(chain, 0, mobile="919812300001")


@pytest.fixture
def twin(chain: Chain) -> PointsAccount:
    return member(chain, 0, mobile="919812300002")


@pytest.fixture
def third(chain: Chain) -> PointsAccount:
    return member(chain, 0, mobile="919812300003")


def merge(chain: Chain, survivor: PointsAccount, victim: PointsAccount) -> Merge:
    """The customers of these accounts, before any merge."""
    return merge_customers(survivor=survivor.customer_id, victim=victim.customer_id, by=chain.blr).merge


def undo(chain: Chain, merge_row: Merge) -> None:
    undo_merge(Merge.objects.get(pk=merge_row.pk), reason="two customers", by=chain.blr)


def owe(account: PointsAccount, points: int) -> None:
    """A balance below zero, as a return of what was spent leaves it."""
    state = state_of(account)
    state.account.floor = Decimal(-points)
    post(state, Kind.ADJUST, points=Decimal(-points), facts=facts())
    write_accounts([state])


def count(account: PointsAccount, number: str, at: datetime) -> Bill:
    """A bill that counted for nothing but its day."""
    bill = BillFactory(customer=account.customer, number=number, amount=Decimal(0), billed_at=at)
    BillPointsFactory(bill=bill, account=account)
    account.refresh_from_db()
    account.last_active_on = max(account.last_active_on or bill.billed_on, bill.billed_on)
    account.visits += 1
    account.save()
    return bill


def tier_until(account: PointsAccount, day: date | None) -> None:
    tier = Tier.objects.filter(program=account.program).first()
    rows = Membership.objects.filter(customer=account.customer_id, program=account.program_id)
    rows.update(tier=tier, tier_since=LONG_AGO, tier_expires_on=day)


def findings(chain: Chain) -> list[str]:
    return [str(finding) for finding in check_ledger(chain.organization)]


# --- undone, or not


def test_a_merge_that_paid_the_survivors_debt_is_not_undone(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    owe(anna, 5)
    give_points(twin, 20)
    merge_row = merge(chain, anna, twin)
    anna.refresh_from_db()
    assert (anna.balance, anna.floor) == (15, 0)
    with pytest.raises(MergeRefusedError, match="points"):
        undo(chain, merge_row)


def test_a_debt_without_set_off_does_not_block_undoing_a_merge(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    owe(anna, 5)
    give_points(twin, 20, opens_at=NOON + 9 * DAY)
    undo(chain, merge(chain, anna, twin))
    twin.refresh_from_db()
    assert (twin.promised, twin.customer.merged_into_id) == (20, None)


def test_undoing_a_merge_restores_the_non_loyalty_type(chain: Chain, twin: PointsAccount) -> None:
    guest = CustomerFactory(organization=chain.organization, type="NON_LOYALTY")
    merge_row = merge_customers(survivor=guest.pk, victim=twin.customer_id, by=chain.blr).merge
    undo(chain, merge_row)
    guest.refresh_from_db()
    assert guest.type == "NON_LOYALTY"


def test_an_account_that_a_merge_made_stays_while_others_have_moved_to_it(
    chain: Chain, twin: PointsAccount, third: PointsAccount
) -> None:
    guest = CustomerFactory(organization=chain.organization)
    first = merge_customers(survivor=guest.pk, victim=twin.customer_id, by=chain.blr).merge
    second = merge_customers(survivor=guest.pk, victim=third.customer_id, by=chain.blr).merge
    with pytest.raises(MergeRefusedError, match="points"):
        undo(chain, first)
    undo(chain, second)
    undo(chain, first)
    assert {account.customer_id for account in PointsAccount.objects.filter(moved_to=None)} == {
        twin.customer_id,
        third.customer_id,
    }


def test_points_that_expired_when_their_survivor_was_merged_on_are_touched(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, third: PointsAccount, moment: time_machine.Traveller
) -> None:
    give_points(twin, 20, expiry=Expiry(on=NOON.date() + DAY))
    first = merge(chain, anna, twin)
    moment.shift(5 * DAY)
    undo(chain, merge(chain, third, anna))
    with pytest.raises(MergeRefusedError, match="points"):
        undo(chain, first)
    assert not [finding for finding in findings(chain) if "expired" in finding]


# --- days and tiers


def test_undoing_a_merge_restores_each_last_bill_day(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, third: PointsAccount
) -> None:
    count(anna, "A1", NOON - 60 * DAY)
    count(twin, "T1", NOON - 5 * DAY)
    count(third, "D1", NOON - 30 * DAY)
    first = merge(chain, anna, twin)
    second = merge(chain, anna, third)
    anna.refresh_from_db()
    count(anna, "A2", NOON - 5 * DAY)
    undo(chain, first)
    anna.refresh_from_db()
    twin.refresh_from_db()
    # On the very day of the twin's last bill she had bought herself.
    assert (anna.last_active_on, twin.last_active_on) == (date(2026, 4, 26), date(2026, 4, 26))
    undo(chain, second)
    third.refresh_from_db()
    assert third.last_active_on == date(2026, 4, 1)


def test_the_last_bill_of_unmerged_customers_counts_on(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, third: PointsAccount
) -> None:
    count(anna, "A1", NOON - 60 * DAY)
    count(twin, "T1", NOON - 5 * DAY)
    count(third, "D1", NOON - 30 * DAY)
    first = merge(chain, anna, twin)
    merge(chain, anna, third)
    undo(chain, first)
    anna.refresh_from_db()
    assert anna.last_active_on == date(2026, 4, 1)


def test_the_day_of_the_last_earning_is_found_from_what_was_earned(
    chain: Chain, anna: PointsAccount, twin: PointsAccount
) -> None:
    rolling = Expiry(moves=PointsLot.Moves.ROLLING, months=2)
    joining = facts(NOON - DAY, explanation={"because": "welcome"})
    give_points(anna, 10, expiry=rolling, facts=facts(NOON - 20 * DAY, explanation={"because": "rule"}))
    give_points(anna, 5, expiry=rolling, facts=joining)
    give_points(twin, 10, expiry=rolling, facts=facts(NOON - 5 * DAY, explanation={"because": "rule"}))
    for account, days in ((anna, 20), (twin, 5)):
        PointsAccount.objects.filter(pk=account.pk).update(last_earned_on=(NOON - days * DAY).date())
    merge_row = merge(chain, anna, twin)
    anna.refresh_from_db()
    assert anna.last_earned_on == date(2026, 4, 26)
    undo(chain, merge_row)
    anna.refresh_from_db()
    twin.refresh_from_db()
    assert (anna.last_earned_on, twin.last_earned_on) == (date(2026, 4, 11), date(2026, 4, 26))


def test_points_that_end_with_the_tier_end_with_the_one_that_moved(
    chain: Chain, twin: PointsAccount, moment: time_machine.Traveller
) -> None:
    guest = CustomerFactory(organization=chain.organization)
    tier_until(twin, NOON.date() + 10 * DAY)
    give_points(twin, 20, expiry=Expiry(moves=PointsLot.Moves.MEMBERSHIP))
    merge_customers(survivor=guest.pk, victim=twin.customer_id, by=chain.blr)
    account = PointsAccount.objects.get(customer=guest, moved_to=None)
    assert (account.balance, account.due_at is None) == (20, False)
    assert findings(chain) == []
    moment.shift(15 * DAY)
    assert sum(settle_due(chain.organization)) == 1
    account.refresh_from_db()
    assert (account.balance, account.expired) == (0, 20)


def test_the_victims_expired_tier_ends_before_the_merge(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, moment: time_machine.Traveller
) -> None:
    Membership.objects.filter(customer=anna.customer_id).delete()
    tier_until(twin, NOON.date() + DAY)
    give_points(twin, 20, expiry=Expiry(moves=PointsLot.Moves.MEMBERSHIP))
    moment.shift(5 * DAY)
    merge(chain, anna, twin)
    assert PointsEntry.objects.get(account=twin, kind="EXPIRE").points == -20
    anna.refresh_from_db()
    assert (anna.balance, anna.expired) == (0, 20)


def test_undoing_a_merge_restores_the_victims_tier(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    tier_until(anna, None)
    tier_until(twin, NOON.date() + 10 * DAY)
    give_points(twin, 20, expiry=Expiry(moves=PointsLot.Moves.MEMBERSHIP))
    twin.refresh_from_db()
    due_at = twin.due_at
    merge_row = merge(chain, anna, twin)
    anna.refresh_from_db()
    assert anna.due_at is None
    undo(chain, merge_row)
    twin.refresh_from_db()
    assert twin.due_at == due_at
    assert findings(chain) == []


# --- the same number twice


def test_a_reference_used_by_both_means_the_survivors_redemption(
    chain: Chain, anna: PointsAccount, twin: PointsAccount
) -> None:
    give_points(anna, 50)
    give_points(twin, 50)
    first = redeem(order(anna, "10", external_reference="R1"), chain.blr)
    redeem(order(twin, "20", external_reference="R1"), chain.blr)
    merge(chain, anna, twin)
    again = redeem(order(anna, "10", external_reference="R1"), chain.blr)
    assert (again.is_replay, again.redemption) == (True, first.redemption)
    assert refusal_of(order(twin, "20", external_reference="R1"), chain.blr) == 903


def test_a_reversal_reference_used_by_both_is_kept_for_each(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    give_points(anna, 50)
    give_points(twin, 50)
    spent = [redeem(order(account, "20"), chain.blr) for account in (anna, twin)]
    first = [bring_back(redeemed, chain.blr, "5", external_reference="R1") for redeemed in spent]
    merge(chain, anna, twin)
    again = [bring_back(redeemed, chain.blr, "5", external_reference="R1") for redeemed in spent]
    assert [(outcome.is_replay, outcome.reversal) for outcome in again] == [(True, outcome.reversal) for outcome in first]


def import_points(chain: Chain, account: PointsAccount, points: int) -> RowStatus | int:
    row = PointsRow(
        customer_id=account.customer_id, program="", kind=PointsEntry.Kind.AWARD, points=Decimal(points), occurred_at=NOON,
        reference="R1",
    )  # fmt: skip
    with transaction.atomic():
        (fate,) = post_history([row], catalog=load_catalog(), by=chain.blr, now=clock.now())
    return int(fate.code) if isinstance(fate, LoyaltyError) else fate


@pytest.mark.parametrize("index", [0, 1])
def test_a_file_reference_used_by_both_is_known_with_either_content(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, index: int
) -> None:
    survivor, victim = ((anna, twin), (twin, anna))[index]
    assert [import_points(chain, survivor, 10), import_points(chain, victim, 20)] == [RowStatus.CREATED, RowStatus.CREATED]
    merge(chain, survivor, victim)
    fates = [import_points(chain, survivor, points) for points in (10, 20, 30)]
    assert fates == [RowStatus.UNCHANGED, RowStatus.UNCHANGED, 400]


def test_returns_after_a_merge_print_alike_after_the_next_merge(
    chain: Chain, anna: PointsAccount, twin: PointsAccount, third: PointsAccount, moment: time_machine.Traveller
) -> None:
    give_points(anna, 7)
    give_points(twin, 50, expiry=Expiry(on=NOON.date() + DAY))
    give_points(twin, 50)
    spent = redeem(order(twin, "60"), chain.blr)
    merge(chain, anna, twin)
    moment.shift(5 * DAY)
    first = [bring_back(spent, chain.blr, points, external_reference=f"R{points}") for points in ("10", "50")]
    assert [(int(outcome.balance), int(outcome.lapsed)) for outcome in first] == [(57, 0), (57, 50)]
    moment.shift(DAY)
    merge(chain, third, anna)
    again = [bring_back(spent, chain.blr, points, external_reference=f"R{points}") for points in ("10", "50")]
    assert [(outcome.is_replay, int(outcome.balance), int(outcome.lapsed)) for outcome in again] == [
        (True, 57, 0),
        (True, 57, 50),
    ]


# --- what is printed


def sections(chain: Chain, customer: Customer, query: str) -> dict[str, Any]:
    assert chain.blr.till is not None
    return Api(chain.blr.till).get(f"id={customer.pk}&{query}").item


def given(chain: Chain, customer: Customer) -> list[str]:
    rows = sections(chain, customer, "promotion_points=true")["promotion_points"]["customer"]["item"]
    return [row["points"] for row in rows]


def test_promotions_are_printed_once(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    give_points(twin, 30, kind="promotional")
    give_points(twin, 10, kind="promotional", expiry=Expiry(on=NOON.date() + DAY))
    redeem(order(twin, "15"), chain.blr)
    merge_row = merge(chain, anna, twin)
    assert given(chain, anna.customer) == ["10", "30"]
    undo(chain, merge_row)
    assert (given(chain, anna.customer), given(chain, twin.customer)) == ([], ["10", "30"])


def test_the_lots_of_a_bill_are_printed_once(chain: Chain, anna: PointsAccount, twin: PointsAccount) -> None:
    bill = count(twin, "T1", NOON)
    give_points(twin, 60, facts=facts(NOON, bill_id=bill.pk), expiry=Expiry(on=date(2030, 6, 30)))
    give_points(twin, 5, facts=facts(NOON, bill_id=bill.pk), opens_at=NOON + 9 * DAY)
    BillPoints.objects.filter(bill=bill).update(issued=65)
    redeem(order(twin, "20"), chain.blr)
    expected = [("60", "40", "0", "20", "2030-06-30"), ("5", "0", "5", "0", "")]

    def breakup_of(customer: Customer) -> list[tuple[str, ...]]:
        assert chain.blr.till is not None
        answer = Api(chain.blr.till).call("GET", "transactions", f"id={customer.pk}&points_breakup=true")
        (row,) = answer.customer["transactions"]["transaction"]
        names = ("issued", "available", "delayed", "redeemed", "expiry_date")
        return [tuple(part[name] for name in names) for part in row["points_breakup"]["breakup"]]

    merge_row = merge(chain, anna, twin)
    assert breakup_of(anna.customer) == expected
    undo(chain, merge_row)
    assert breakup_of(twin.customer) == expected
    merge(chain, anna, twin)
    assert breakup_of(twin.customer) == expected
