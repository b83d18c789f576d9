"""Eight tills redeem, reverse and expire the same points at the same moment: each point is spent once, and none is lost.

The twins show that the tests can fail: without the locks a constraint refuses all but one worker, without the constraint the
locks suffice.
"""

import os
from collections import Counter
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from customers.profile import locks
from engagement.points.expiry import Expiry
from engagement.points.ledger import repository
from engagement.points.ledger.posting import InsufficientPointsError
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.points.settlement import settle_due
from engagement.redemptions.models import Redemption, RedemptionReversal
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.chains import NOON, Chain, bring_back, member, open_chain, order, redeem, refusal_of
from tests.factories.points import give_points
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 8
TRIES = 1_250 if os.environ.get("REGULARS_PROOFS") == "full" else 12
# There are points for half of what all workers ask for.
ENOUGH_FOR = WORKERS * TRIES // 2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def chain(transactional_db: None) -> Chain:
    return open_chain()


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    with organization_scope(chain.organization), transaction.atomic():
        return member(chain, ENOUGH_FOR)


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, locks, repository)


def redeem_at_once(chain: Chain, account: PointsAccount, *, tries: int = TRIES) -> Counter[int]:
    """How often each code came if every worker redeems one point again and again: 0 is success, -1 a constraint."""

    def work(_: int) -> int:
        with organization_scope(chain.organization):
            try:
                return refusal_of(order(account, "1"), chain.blr)
            except IntegrityError:
                return -1

    return Counter(race([list(range(tries)) for _ in range(WORKERS)], work))


def is_right(account: PointsAccount) -> bool:
    """Whether the account's figures are those of its entries, lots and redemptions, with a version for each entry."""
    account.refresh_from_db()
    entries = PointsEntry.objects.filter(account=account)
    balance = entries.aggregate(total=Sum("points"))["total"]
    left = PointsLot.objects.filter(account=account).aggregate(total=Sum("left"))["total"]
    net = Redemption.objects.aggregate(net=Sum("points") - Sum("reversed"))["net"] or 0
    return account.balance == balance == left and account.redeemed == net and account.version == entries.count()


def test_exactly_as_many_redeem_as_there_are_points_for(chain: Chain, asha: PointsAccount) -> None:
    assert redeem_at_once(chain, asha) == {0: ENOUGH_FOR, 818: WORKERS * TRIES - ENOUGH_FOR}
    with organization_scope(chain.organization):
        assert is_right(asha)
        assert (asha.balance, Redemption.objects.count()) == (0, ENOUGH_FOR)


def test_twin_without_locks_cannot_redeem_twice_by_the_constraints(
    chain: Chain, asha: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    with all_read_before(repository, "give_ids", workers=WORKERS):
        assert redeem_at_once(chain, asha, tries=1) == {0: 1, -1: WORKERS - 1}
    with organization_scope(chain.organization):
        assert is_right(asha)


def test_twin_without_constraints_stays_right_by_the_locks(chain: Chain, asha: PointsAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointsaccount DROP CONSTRAINT points_balance_above_floor")
        cursor.execute("ALTER TABLE engagement_pointsentry DROP CONSTRAINT points_entry_version_unique")
    try:
        assert redeem_at_once(chain, asha) == {0: ENOUGH_FOR, 818: WORKERS * TRIES - ENOUGH_FOR}
        with organization_scope(chain.organization):
            assert is_right(asha)
    finally:
        with unscoped("the constraints need clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_pointsaccount CASCADE")
            cursor.execute(
                "ALTER TABLE engagement_pointsaccount ADD CONSTRAINT points_balance_above_floor CHECK (balance >= floor)"
            )
            cursor.execute(
                "ALTER TABLE engagement_pointsentry ADD CONSTRAINT points_entry_version_unique "
                "UNIQUE (organization_id, account_id, version)"
            )


def reverse_at_once(chain: Chain, account: PointsAccount) -> Counter[int]:
    """All workers reverse the same redemption whole; how often each code came, -1 for a constraint or the ledger's check."""
    with organization_scope(chain.organization):
        redeemed = redeem(order(account, "10"), chain.blr)

    def work(_: int) -> int:
        with organization_scope(chain.organization):
            try:
                bring_back(redeemed, chain.blr, "10")
            except LoyaltyError as refusal:
                return int(refusal.code)
            except (IntegrityError, InsufficientPointsError):
                return -1
        return 0

    return Counter(race([[0]] * WORKERS, work))


def test_a_redemption_is_reversed_once(chain: Chain, asha: PointsAccount) -> None:
    assert reverse_at_once(chain, asha) == {0: 1, 812: WORKERS - 1}
    with organization_scope(chain.organization):
        assert is_right(asha)
        assert RedemptionReversal.objects.count() == 1


def test_twin_without_locks_cannot_reverse_twice_by_the_constraints(
    chain: Chain, asha: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    with all_read_before(repository, "give_ids", workers=WORKERS):
        assert reverse_at_once(chain, asha) == {0: 1, -1: WORKERS - 1}
    with organization_scope(chain.organization):
        assert is_right(asha)


def test_twin_without_the_constraint_reverses_once_by_the_locks(chain: Chain, asha: PointsAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_redemption DROP CONSTRAINT redemption_reversed_within_points")
    try:
        assert reverse_at_once(chain, asha) == {0: 1, 812: WORKERS - 1}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE engagement_redemption ADD CONSTRAINT redemption_reversed_within_points "
                "CHECK (reversed >= 0 AND reversed <= points)"
            )


def test_points_expire_or_are_redeemed_but_never_both(chain: Chain, asha: PointsAccount) -> None:
    """Nights settle while tills redeem: what the tills got before the last moment is spent, the rest has expired."""
    with organization_scope(chain.organization), transaction.atomic():
        give_points(asha, ENOUGH_FOR, expiry=Expiry(date(2026, 4, 30)))

    def work(job: str) -> int:
        with organization_scope(chain.organization):
            if job == "night":
                return sum(settle_due(chain.organization))
            return refusal_of(order(asha, "1"), chain.blr)

    lanes = [["till"] * TRIES if worker % 4 else ["night"] * TRIES for worker in range(WORKERS)]
    with time_machine.travel(NOON + timedelta(days=1), tick=True):
        race(lanes, work)
    with organization_scope(chain.organization):
        assert is_right(asha)
        assert (asha.expired, asha.balance + asha.redeemed) == (ENOUGH_FOR, ENOUGH_FOR)
        assert PointsEntry.objects.filter(kind="EXPIRE").count() == 1


def test_one_reference_number_spends_once(chain: Chain, asha: PointsAccount) -> None:
    def work(_: int) -> bool:
        with organization_scope(chain.organization):
            return redeem(order(asha, "1", external_reference="R-1"), chain.blr).is_replay

    assert Counter(race([[0]] * WORKERS, work)) == {False: 1, True: WORKERS - 1}
    with organization_scope(chain.organization):
        assert is_right(asha)
