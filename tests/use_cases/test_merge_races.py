"""Races of merges with merges, updates and redemptions of the same customers: one effect each, and sound sums.

The twins: without the customers' locks a merge goes wrong or meets a constraint; without the constraints the locks suffice.
"""

import os
from collections import Counter
from contextlib import ExitStack

import pytest
from django.db import connection, transaction

import use_cases.merging
from customers.identifiers.models import Identifier
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount, PointsEntry
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.chains import Chain, member, open_chain, order, refusal_of
from tests.races import all_read_before, meanwhile, wait_until_blocked
from tests.use_cases.fates import Job, at_once, fate_of, remove_customer_locks
from use_cases.merging import merge_customers, undo_merge
from use_cases.registration import update_customer

WORKERS = 8
ROUNDS = 100 if os.environ.get("REGULARS_PROOFS") == "full" else 6
DEADLOCK, CONFLICT = "40P01", "40001"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def chain(transactional_db: None) -> Chain:
    return open_chain()


@pytest.fixture
def people(chain: Chain) -> list[list[Customer]]:
    """For each round three customers with ten points each."""
    with organization_scope(chain.organization), transaction.atomic():
        return [
            [
                member(chain, 10, mobile=f"91981{index:02}{number:05}", firstname=f"Guest {number}").customer
                for index in range(3)
            ]
            for number in range(ROUNDS)
        ]


def merging(chain: Chain, survivor: Customer, victim: Customer) -> Job:
    def job() -> str:
        done = merge_customers(survivor=survivor.pk, victim=victim.pk, by=chain.blr)
        return "merged" if done.is_new else "known"

    return job


def updating(chain: Chain, customer: Customer) -> Job:
    def job() -> str:
        item = {"id": str(customer.pk), "lastname": "Rao"}
        context = load_input_context([item], by=chain.blr)
        update_customer(read_customer_input(item, context, action="update"), context=context, by=chain.blr)
        return "updated"

    return job


def redeeming(chain: Chain, customer: Customer, mobile: str) -> Job:
    def job() -> str:
        account = PointsAccount(customer=Customer(pk=customer.pk))
        return f"redeemed {refusal_of(order(account, '4', references={'mobile': mobile}), chain.blr)}"

    return job


def is_sound(chain: Chain) -> bool:
    """No customer is merged into a merged one, each victim has one merge, and the ledger's sums hold."""
    victims = Customer.objects.exclude(merged_into=None)
    assert not victims.exclude(merged_into__merged_into=None).exists()
    assert not Identifier.objects.exclude(customer__merged_into=None).exists()
    assert Merge.objects.filter(undone_at=None).count() == victims.count()
    return [str(finding) for finding in check_ledger(chain.organization)] == []


def test_two_merges_of_the_same_two_are_one_whatever_their_directions(chain, people):
    lanes = [[merging(chain, first, two) for first, two, _ in people], [merging(chain, two, first) for first, two, _ in people]]
    fates = at_once(chain.organization, *lanes, lanes[0], lanes[1])
    assert fates["merged"] == ROUNDS
    assert fates["known"] + fates["refused"] == 3 * ROUNDS
    assert fates.repeats[DEADLOCK] == 0
    with organization_scope(chain.organization):
        assert Merge.objects.count() == ROUNDS
        assert is_sound(chain)


def test_merges_in_a_ring_end_without_a_ring(chain, people):
    lanes = [[merging(chain, trio[index], trio[(index + 1) % 3]) for trio in people] for index in range(3)]
    fates = at_once(chain.organization, *lanes)
    assert fates["merged"] + fates["refused"] == 3 * ROUNDS
    # The first merge of a round always succeeds; the third would close the ring.
    assert ROUNDS <= fates["merged"] <= 2 * ROUNDS
    assert fates.repeats[DEADLOCK] == 0
    with organization_scope(chain.organization):
        assert is_sound(chain)


def test_writes_during_a_merge_reach_the_unmerged_customer(chain, people):
    with organization_scope(chain.organization):
        mobiles = [[Identifier.objects.get(customer=customer).value for customer in trio] for trio in people]
    lanes = [
        [merging(chain, first, two) for first, two, _ in people],
        [updating(chain, two) for _, two, _ in people],
        [redeeming(chain, two, mobile) for (_, two, _), (_, mobile, _) in zip(people, mobiles, strict=True)],
        [redeeming(chain, first, mobile) for (first, _, _), (mobile, _, _) in zip(people, mobiles, strict=True)],
    ]
    fates = at_once(chain.organization, *lanes)
    assert fates == {"merged": ROUNDS, "updated": ROUNDS, "redeemed 0": 2 * ROUNDS}
    assert fates.repeats[DEADLOCK] == 0
    with organization_scope(chain.organization):
        assert is_sound(chain)
        for first, two, _ in people:
            assert PointsAccount.objects.get(customer=first, moved_to=None).balance == 12
            # The name came before the merge, and filled the survivor's, or after it.
            assert Customer.objects.get(pk=first.pk).lastname == "Rao", two


@pytest.mark.parametrize("is_survivor", [True, False])
def test_a_redemption_that_waits_for_a_merge_spends_the_survivors_points(chain, people, is_survivor):
    first, two, _ = people[0]
    with organization_scope(chain.organization):
        mobile = Identifier.objects.get(customer=first if is_survivor else two).value
        repeats: Counter[str] = Counter()
        job = redeeming(chain, first if is_survivor else two, mobile)
        with ExitStack() as till:
            with transaction.atomic():
                merge_customers(survivor=first.pk, victim=two.pk, by=chain.blr)
                redemption = till.enter_context(meanwhile(lambda: fate_of(job, chain.organization, repeats)))
                wait_until_blocked(1)
            assert redemption.result() == "redeemed 0"
        # Only the victim has changed so much that the redemption starts again.
        assert repeats == ({} if is_survivor else {CONFLICT: 1})
        living = PointsAccount.objects.get(customer=first, moved_to=None)
        assert (living.balance, PointsEntry.objects.get(kind="REDEEM").account_id) == (16, living.pk)
        assert is_sound(chain)


def test_a_merge_and_its_undoing_at_once_leave_sound_accounts(chain, people):
    with organization_scope(chain.organization):
        merges = [merge_customers(survivor=first.pk, victim=two.pk, by=chain.blr).merge for first, two, _ in people]

    def undoing(merge: Merge) -> Job:
        def job() -> str:
            undo_merge(merge, reason="two customers", by=chain.blr)
            return "undone"

        return job

    # Merging the survivor into another customer refuses the undoing that comes later; merging another one into it does not.
    pairs = [(third, first) if number % 2 else (first, third) for number, (first, _, third) in enumerate(people)]
    undone = [undoing(merge) for merge in merges]
    fates = at_once(chain.organization, undone, [merging(chain, *pair) for pair in pairs], undone)
    assert fates["merged"] == ROUNDS
    assert ROUNDS // 2 <= fates["undone"] <= ROUNDS
    assert fates.keys() <= {"merged", "undone", "refused"}
    assert fates.repeats[DEADLOCK] == 0
    with organization_scope(chain.organization):
        assert Merge.objects.exclude(undone_at=None).count() == fates["undone"]
        assert is_sound(chain)


@pytest.fixture
def without_locks(monkeypatch):
    remove_customer_locks(monkeypatch)


@pytest.mark.usefixtures("without_locks")
def test_twin_without_locks_merges_once_by_the_constraints(chain, people):
    survivor, victim, _ = people[0]
    with all_read_before(use_cases.merging, "_merge", workers=WORKERS):
        fates = at_once(chain.organization, *[[merging(chain, survivor, victim)]] * WORKERS)
    assert fates == {"merged": 1, "merge_one_survivor": WORKERS - 1}
    with organization_scope(chain.organization):
        assert Merge.objects.count() == 1
        assert is_sound(chain)


@pytest.mark.usefixtures("without_locks")
def test_twin_without_locks_merges_in_one_direction_by_the_constraints(chain, people):
    """The other merge is refused by a constraint, or as the victim of a deadlock once it is repeated.

    So the other tests would count deadlocks if the locks were taken in another order.
    """
    first, two, _ = people[0]
    with all_read_before(use_cases.merging, "_merge", workers=2):
        fates = at_once(chain.organization, [merging(chain, first, two)], [merging(chain, two, first)])
    refusals = ("refused", "merge_one_direction", "customer_merged_into_standing")
    assert fates in [{"merged": 1, refusal: 1} for refusal in refusals]
    with organization_scope(chain.organization):
        assert Merge.objects.count() == 1
        assert is_sound(chain)


CONSTRAINTS = {
    "DROP INDEX merge_one_survivor": "CREATE UNIQUE INDEX merge_one_survivor ON customers_merge (organization_id, victim_id) "
    "WHERE undone_at IS NULL",
    "DROP INDEX merge_one_direction": "CREATE UNIQUE INDEX merge_one_direction ON customers_merge (organization_id, "
    "(least(survivor_id, victim_id)), (greatest(survivor_id, victim_id))) WHERE undone_at IS NULL",
    "ALTER TABLE customers_customer DROP CONSTRAINT customer_merged_into_standing": "ALTER TABLE customers_customer "
    "ADD CONSTRAINT customer_merged_into_standing "
    "FOREIGN KEY (merged_into_id, needs_standing) REFERENCES customers_customer (id, stands)",
}


def test_twin_without_the_constraints_stays_right_by_the_locks(chain, people):
    with connection.cursor() as cursor:
        for statement in CONSTRAINTS:
            cursor.execute(statement)
    try:
        lanes = [[merging(chain, trio[index], trio[(index + 1) % 3]) for trio in people] for index in range(3)]
        fates = at_once(chain.organization, *lanes, [merging(chain, two, first) for first, two, _ in people])
        assert fates.keys() <= {"merged", "known", "refused"}
        with organization_scope(chain.organization):
            assert is_sound(chain)
    finally:
        with unscoped("the indexes need clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_customer CASCADE")
            for statement in CONSTRAINTS.values():
                cursor.execute(statement)
