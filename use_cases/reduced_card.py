"""Customers of other stores, for staff limited to stores: found by a whole identifier alone, and shown as a reduced card.

The card has name, points, tier and status. The policy CUSTOMERS_OF_OTHER_STORES adds identifiers and store, or
forbids the card.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.urls import reverse

from customers.cards.models import Card
from customers.finding.references import CardReference
from customers.identifiers.current import current_identifiers
from customers.identifiers.models import Identifier
from customers.identifiers.owners import owners_of
from customers.identifiers.values import read_email
from customers.profile.models import CURRENT, Customer
from customers.search.staff import LONGEST_TERM, LookedUp, clean_term, spellings_of
from customers.statuses.models import CustomerStatus
from customers.statuses.rules import label_of
from engagement.points.balances import Balance, active_balances, read_balances
from engagement.programs.catalog import CurrentProgram, current_catalog
from loyalty_project.phone_numbers import stored_mobile
from loyalty_project.protocol.values import has_unusable_text
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.phone_numbers import mobile_reading

NOTHING: Final = "NOTHING"
CONTACT: Final = "CONTACT"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherStoresCustomer:
    """A customer of another store whose identifier of a kind is known, with the address of the reduced card."""

    customer_id: int
    kind: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedCard:
    """What staff of other stores see of a customer. `identifiers` and `store` are empty unless the policy shows them."""

    customer: Customer
    label: CustomerStatus | None
    balances: Sequence[tuple[CurrentProgram, Balance]]
    identifiers: Mapping[str, str]
    store: Store | None
    shows_contact: bool


def find_at_other_stores(term: str, *, by: Actor) -> list[OtherStoresCustomer]:
    """The customers out of the actor's sight who have the term as a whole identifier or card number: at most four statements.

    None for actors who see every store, and under the policy NOTHING. A value that several customers share finds none of them.
    """
    term = clean_term(term) if len(term) <= LONGEST_TERM else ""
    if not term or has_unusable_text(term):
        return []
    return owners_at_other_stores(_whole_identifiers(term, by.organization), cards=spellings_of(term), by=by)


def owners_at_other_stores(
    identifiers: Mapping[str, Collection[str]], *, cards: Collection[str] = (), by: Actor
) -> list[OtherStoresCustomer]:
    """The customers out of the actor's sight who have an identifier (stored values by kind) or a card; see above."""
    policy = by.organization.policy
    if by.reach is None or not by.reach.stores or policy.other_stores_card == NOTHING:
        return []
    kinds: dict[int, str] = {}
    for kind, values in identifiers.items():
        for owner in owners_of(kind, values, policy).values():
            kinds.setdefault(owner.customer_id, kind)
    if cards:
        for customer_id in Card.objects.filter(number__in=cards, customer__isnull=False).values_list("customer_id", flat=True):
            kinds.setdefault(customer_id, LookedUp.CARD.value)
    if not kinds:
        return []
    unseen = Customer.objects.filter(CURRENT, pk__in=kinds)
    seen = set(unseen.filter(registered_store__in=by.reach.stores).values_list("pk", flat=True))
    return [_result(pk, kind, by) for pk, kind in sorted(kinds.items()) if pk not in seen]


def open_reduced_card(reference: CardReference, *, by: Actor) -> ReducedCard | None:
    """Note in the audit that the actor opens the card, and by which kind of identifier, then read it.

    None if the policy forbids it, or if the customer was merged or erased meanwhile. Call it outside of a transaction.
    """
    organization = by.organization
    policy = organization.policy
    customers = Customer.objects.filter(CURRENT).select_related("registered_store", "status_label")
    customer = customers.filter(pk=reference.customer_id).first()
    if customer is None or policy.other_stores_card == NOTHING:
        return None
    change = Change(
        action="opened", object_type="customer", object_id=customer.pk, new={"reduced_card_found_by": reference.kind}
    )
    with transaction.atomic():
        record_changes([change], by=by)
    shows_contact = policy.other_stores_card == CONTACT
    balances = read_balances([customer.pk], organization=organization).of_customer(customer.pk)
    return ReducedCard(
        customer=customer,
        label=label_of(customer, policy),
        balances=active_balances(balances, current_catalog()),
        identifiers=current_identifiers(customer.pk) if shows_contact else {},
        store=customer.registered_store if shows_contact else None,
        shows_contact=shows_contact,
    )


def _whole_identifiers(term: str, organization: Organization) -> dict[str, list[str]]:
    """The stored values that the term may be, by kind."""
    mobile = stored_mobile(term, **mobile_reading(organization, organization.policy, ""))
    email = read_email(term)
    return {
        Identifier.Kind.MOBILE.value: [mobile] if mobile else [],
        Identifier.Kind.EMAIL.value: [email] if email else [],
        Identifier.Kind.EXTERNAL_ID.value: spellings_of(term),
    }


def _result(customer_id: int, kind: str, by: Actor) -> OtherStoresCustomer:
    reference = CardReference(customer_id=customer_id, kind=kind, actor=by.name)
    return OtherStoresCustomer(customer_id=customer_id, kind=kind, address=reverse("reduced_card", args=[reference.signed()]))
