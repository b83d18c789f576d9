"""Undoing of merges: completely, and only while the moved rows are unchanged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from loyalty_project import clock
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.bills import buy
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import IdentifierFactory
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.points import PointsAccountFactory, facts, give_points
from tests.factories.programs import MembershipFactory, ProgramFactory
from tests.use_cases.merges import OLD, account_of, find, is_clean, merge, send, undo
from use_cases.merging import MergeRefusedError

pytestmark = pytest.mark.django_db


def snapshot(organization: Organization) -> dict[str, str]:
    """What every table of customers says, but for the records of what happened."""
    tables = [
        model for model in apps.get_models() if model._meta.app_label in {"customers", "engagement", "subscriptions", "tickets"}
    ]
    history = {"merge", "pointsentry", "pointsconsumption", "pointslot", "pointsaccount", "purchasetotals"}
    contents = {}
    for model in tables:
        if model._meta.model_name in history:
            continue
        columns = [field.attname for field in model._meta.concrete_fields if not _is_derived(field.name)]
        rows = model.objects.order_by("pk").values_list(*columns)
        contents[model._meta.label] = repr(list(rows))
    accounts = PointsAccount.objects.exclude(balance=0, lifetime=0, purchases=0).order_by("pk")
    figures = (
        "customer_id",
        "program_id",
        "balance",
        "promised",
        "lifetime",
        "redeemed",
        "purchases",
        "visits",
        "last_active_on",
    )
    contents["accounts"] = repr(list(accounts.values_list(*figures)))
    bought = PurchaseTotals.objects.exclude(bills=0).order_by("customer_id")
    contents["totals"] = repr(list(bought.values_list("customer_id", "amount", "bills", "last_amount", "last_billed_at")))
    return contents


def _is_derived(column: str) -> bool:
    """Whether a column counts changes, or follows from others."""
    return column in {"updated_on", "version"} or column.endswith(("_folded", "_reversed"))


def live(organization: Organization, till: Till, *customers: Customer) -> None:
    """Cards, points, bills, groups and consents for each."""
    series = CardSeries.objects.filter(code="GOLD").first() or CardSeriesFactory(organization=organization)
    field = FieldDefinition.objects.filter(name="hobby").first() or FieldFactory(organization=organization, name="hobby")
    group = UserGroupFactory(organization=organization, external_id="G1")
    for index, customer in enumerate(customers):
        CardFactory(series=series, number=f"G{customer.pk}", customer=customer)
        give_points(account_of(customer), 10 + index, expiry=Expiry(on=clock.now().date() + timedelta(days=40)))
        give_points(account_of(customer), 3, opens_at=clock.now() + timedelta(days=3))
        buy(customer, till, f"2026-0{index + 1}-05 12:00:00", 100 * (index + 1))
        join_group(group, customer.pk, role="PRIMARY" if index == 1 else "MEMBER")
        if index:
            Customer.objects.filter(pk=customer.pk).update(
                field_values={str(field.pk): "chess"},
                field_values_folded={str(field.pk): ["chess"]},
                lastname="Rao",
                lastname_folded="rao",
            )


def test_an_untouched_merge_is_undone_completely(organization, till, anna, twin):
    live(organization, till, anna, twin)
    before = snapshot(organization)
    merge_row = merge(till, anna, twin)
    assert snapshot(organization) != before
    undo(till, merge_row)
    assert snapshot(organization) == before
    assert is_clean(organization)
    merge_row.refresh_from_db()
    assert (merge_row.undone_by, merge_row.undone_reason) == ("till:mgroad.till1", "They are two customers")
    assert find(organization, "mobile", "9812300002") == (twin.pk, False)
    with pytest.raises(MergeRefusedError, match="already"):
        undo(till, merge_row)


def test_undoing_a_merge_removes_the_account_it_created(organization, till, anna, twin):
    other = ProgramFactory(organization=organization, name="Other")
    MembershipFactory(customer=twin, program=other, enrolled_on=clock.now())
    give_points(PointsAccountFactory(organization=organization, customer=twin, program=other, membership=False), 7)
    undo(till, merge(till, anna, twin))
    states = settled_accounts([anna.pk, twin.pk], organization=organization)
    assert {(key.customer_id, key.program_id): int(state.account.balance) for key, state in states.items()} == {
        (anna.pk, account_of(anna).program_id): 0,
        (twin.pk, account_of(anna).program_id): 0,
        (twin.pk, other.pk): 7,
    }
    assert is_clean(organization)
    PointsAccountFactory(organization=organization, customer=anna, program=other, membership=False)


def test_later_acts_of_the_survivor_do_not_block_undoing(organization, till, anna, twin):
    live(organization, till, anna, twin)
    merge_row = merge(till, anna, twin)
    buy(anna, till, "2026-05-05 12:00:00", 70)
    give_points(account_of(anna), 4)
    undo(till, merge_row)
    assert (account_of(anna).balance, account_of(twin).balance) == (14, 11)
    assert (account_of(anna).purchases, account_of(twin).purchases) == (170, 200)
    assert PurchaseTotals.objects.get(customer=anna).amount == 170
    assert is_clean(organization)


def spend_some(organization: Organization, till: Till, anna: Customer) -> None:
    (state,) = lock_accounts([anna.pk], zone=organization.zone).values()
    spend(state, state.account.balance, kind=Kind.REDEEM, facts=facts())
    write_accounts([state])


TOUCHES: dict[str, Callable[[Organization, Till, Customer], object]] = {
    "points": spend_some,
    "cards": lambda organization, till, anna: Card.objects.filter(customer=anna).update(label="lost"),
    "bills": lambda organization, till, anna: Bill.objects.filter(customer=anna).update(notes="seen"),
    "identifiers": lambda organization, till, anna: Identifier.objects.filter(state="MERGED").update(value="919800000000"),
    "the customer's own data": lambda organization, till, anna: Customer.objects.filter(pk=anna.pk).update(lastname="Iyer"),
    "group memberships": lambda organization, till, anna: GroupMembership.objects.filter(group__external_id="G7").delete(),
}


@pytest.mark.parametrize("what", TOUCHES)
def test_a_merge_with_changed_rows_is_not_undone(organization, till, anna, twin, what):
    live(organization, till, anna, twin)
    join_group(UserGroupFactory(organization=organization, external_id="G7"), twin.pk)
    merge_row = merge(till, anna, twin)
    TOUCHES[what](organization, till, anna)
    before = snapshot(organization)
    with pytest.raises(MergeRefusedError, match=what):
        undo(till, merge_row)
    assert snapshot(organization) == before


def test_merges_in_a_chain_are_undone_last_first(organization, till, anna, twin):
    third = send(till, mobile="9812300003", registered_on=OLD).customer
    live(organization, till, anna, twin, third)
    before = snapshot(organization)
    first = merge(till, anna, twin)
    between = snapshot(organization)
    second = merge(till, third, anna)
    with pytest.raises(MergeRefusedError, match="merged into another one later"):
        undo(till, first)
    undo(till, second)
    assert snapshot(organization) == between
    assert find(organization, "id", twin.pk) == (anna.pk, True)
    undo(till, first)
    assert snapshot(organization) == before
    assert is_clean(organization)


def hobby_of(organization: Organization, *customers: Customer) -> None:
    hobby = FieldDefinition.objects.filter(name="hobby").first() or FieldFactory(organization=organization, name="hobby")
    Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(field_values={str(hobby.pk): "chess"})


# What both of two who are merged into the same customer bring: it comes from the first of them.
COMMON: dict[str, Callable[[Organization, Customer, Customer], object]] = {
    "group": lambda organization, first, other: join_group(
        UserGroupFactory(organization=organization, external_id="G1"), first.pk, other.pk
    ),
    "identifier": lambda organization, first, other: [
        IdentifierFactory(customer=each, kind="external_id", value=f"X{each.pk}") for each in (first, other)
    ],
    "name": lambda organization, first, other: Customer.objects.filter(pk__in=[first.pk, other.pk]).update(lastname="Rao"),
    "field": hobby_of,
}


@pytest.mark.parametrize("what", COMMON)
def test_undoing_merges_restores_what_a_later_merge_left_out(organization, till, anna, what):
    earlier, other = (send(till, mobile=f"981230001{index}").customer for index in range(2))
    COMMON[what](organization, earlier, other)
    before = snapshot(organization)
    first, second = merge(till, anna, earlier), merge(till, anna, other)
    with pytest.raises(MergeRefusedError, match=f"Customer {other.pk} was merged later"):
        undo(till, first)
    undo(till, second)
    undo(till, first)
    assert snapshot(organization) == before


def test_a_merge_is_undone_under_a_later_one_that_brought_something_else(organization, till, anna, twin):
    third = send(till, mobile="9812300003").customer
    live(organization, till, anna, twin)
    first = merge(till, anna, twin)
    merge(till, anna, third)
    undo(till, first)
    assert find(organization, "id", twin.pk) == (twin.pk, False)
    assert find(organization, "id", third.pk) == (anna.pk, True)
    assert is_clean(organization)
