"""Whom does a batch touch? Reads and locks them in a fixed number of queries, and writes what became of them.

The locks: first those of the identifier values, existing or not (so that two tills that register the same person at once come
one after the other), then the customers in the order of their ids (`loyalty_project.db.locks` has the order). A value's lock
is one of 256 of its organization: few enough that a batch of thousands holds them all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from django.db.models import BigIntegerField, CharField

from customers.identifiers.models import Identifier
from customers.identifiers.values import search_form
from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.registration.input import CustomerInput
from customers.registration.matching import is_exclusive
from customers.registration.state import CustomerState, Matches
from customers.search.terms import keep_terms
from customers.sources.models import SourceProfile
from loyalty_project.db.locks import lock_numbers
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries
from organizations.policies import Policy
from organizations.tenancy.models import Organization

_STRIPES = 256
_IDENTIFIER_LOCKS = 1 << 62
Key = tuple[str, str]
State = Identifier.State


@dataclass(slots=True)
class CustomerBatch:
    """The people of one batch, found by id or by identifier, as they are after the items worked so far."""

    organization: Organization
    policy: Policy
    people: dict[int, CustomerState] = field(default_factory=dict)
    survivors: dict[int, int] = field(default_factory=dict)  # by the id of a merged customer, where items name one
    by_value: dict[Key, CustomerState] = field(default_factory=dict)
    created: list[CustomerState] = field(default_factory=list)

    def find(self, draft: CustomerInput) -> Matches:
        """Whom the draft's id and identifiers lead to."""
        by_kind = {
            kind: self.by_value[kind, value] for kind, value in draft.identifiers.items() if (kind, value) in self.by_value
        }
        asked = draft.customer_id
        by_id = self.people.get(self.survivors.get(asked, asked)) if asked is not None else None
        by_victim = asked in self.survivors or any(
            (kind, draft.identifiers[kind]) in person.inherited for kind, person in by_kind.items()
        )
        return Matches(by_id=by_id, by_kind=by_kind, by_victim=by_victim)

    def add(self, person: CustomerState) -> None:
        """Somebody new, who from now on is found by later items of the batch."""
        self.created.append(person)
        person.arrival = len(self.created)
        self._index(person)

    def set_identifier(self, person: CustomerState, kind: str, value: str) -> None:
        """Give `person` the identifier; a value it replaces is kept as a former one."""
        stored = person.identifiers.get(kind)
        if stored is not None:
            if kind not in person.added_identifiers:
                person.replaced_identifiers[kind] = stored
            self.by_value.pop((kind, stored), None)
            if person.promoted_identifiers.pop(kind, None):
                person.inherited.add((kind, stored))
        person.identifiers[kind] = value
        person.added_identifiers.add(kind)
        if (kind, value) in person.inherited:
            person.inherited.discard((kind, value))
            person.promoted_identifiers[kind] = value
        person.note(old={} if stored is None else {kind: stored}, new={kind: value})
        self._index(person)

    def _index(self, person: CustomerState) -> None:
        for kind, value in (*person.identifiers.items(), *person.inherited):
            if is_exclusive(kind, self.policy):
                self.by_value[kind, value] = person

    def write(self, *, by: Actor) -> None:
        """Store everything that changed, new customers first, with its audit entries."""
        insert_with_ids([person.customer for person in self.created])
        self.people.update((person.customer.pk, person) for person in self.created)
        self._update_customers()
        changed = [person for person in self.people.values() if person.revision]
        self._write_identifiers(changed)
        answering = [person for person in changed if person.is_new or "field_values" in person.changed_columns]
        keep_terms([one.customer.pk for one in answering if one.customer.field_values], organization_id=self.organization.pk)
        insert_rows(
            [
                SourceProfile(
                    organization_id=self.organization.pk, customer_id=person.customer.pk, source=source, account=account
                )
                for person in changed
                for source, account in sorted(person.added_profiles)
            ]
        )
        insert_rows(audit_entries([_change(person) for person in changed], by=by))

    def _update_customers(self) -> None:
        known = [person for person in self.people.values() if person.changed_columns and not person.is_new]
        update_rows(
            [person.customer for person in known], sorted({column for person in known for column in person.changed_columns})
        )

    def _write_identifiers(self, changed: Sequence[CustomerState]) -> None:
        for person in changed:
            for kind in person.replaced_identifiers:
                current = Identifier.objects.filter(customer=person.customer, kind=kind, state=State.CURRENT)
                current.update(state=State.FORMER, exclusive=False)
            for kind, value in person.promoted_identifiers.items():
                inherited = Identifier.objects.filter(customer=person.customer, kind=kind, value=value, state=State.MERGED)
                # A value that may be shared came more than once, where several who had it were merged.
                Identifier.objects.filter(pk__in=inherited.order_by("pk").values("pk")[:1]).update(state=State.CURRENT)
        insert_rows(
            [
                Identifier(
                    organization_id=self.organization.pk,
                    customer_id=person.customer.pk,
                    kind=kind,
                    value=person.identifiers[kind],
                    value_folded=search_form(person.identifiers[kind]),
                    exclusive=is_exclusive(kind, self.policy),
                )
                for person in changed
                for kind in sorted(person.added_identifiers - person.promoted_identifiers.keys())
            ]
        )


def open_batch(drafts: Iterable[CustomerInput], *, organization: Organization, policy: Policy) -> CustomerBatch:
    """Lock and read everybody whom the drafts may touch. Call it inside the transaction that writes them.

    Raises `django.db.OperationalError` when a lock is not free in time (55P03), and when somebody was merged while their lock
    was waited for (40001): then the item is to be worked again.
    """
    drafts = list(drafts)
    values: dict[str, set[str]] = {kind: set() for kind in Identifier.Kind.values}
    for draft in drafts:
        for kind, value in draft.identifiers.items():
            if is_exclusive(kind, policy):
                values[kind].add(value)
    ids = {draft.customer_id for draft in drafts if draft.customer_id is not None}
    lock_numbers(_stripe(organization, kind, value) for kind in values for value in values[kind])
    directory = CustomerBatch(organization, policy, survivors=_survivors_of(ids))
    found = {
        (kind, value): customer_id
        for kind in values
        if values[kind]
        for value, customer_id in Identifier.objects.filter(
            is_any_of("value", values[kind], CharField()), kind=kind, exclusive=True
        ).values_list("value", "customer_id")
    }
    _read_people(directory, {directory.survivors.get(pk, pk) for pk in ids} | set(found.values()), drafts)
    for (kind, value), customer_id in found.items():
        person = directory.people[customer_id]
        # While the customer's lock was waited for, the value may have been given up; nobody else can have taken it.
        if person.identifiers.get(kind) == value or (kind, value) in person.inherited:
            directory.by_value[kind, value] = person
    return directory


def _survivors_of(ids: Iterable[int]) -> dict[int, int]:
    """Who those of these customers became that are merged, by their ids. One query, none without ids."""
    if not (asked := set(ids)):
        return {}
    victims = Customer.objects.filter(is_any_of("pk", asked, BigIntegerField()), merged_into__isnull=False)
    return {pk: survivor for pk, survivor in victims.values_list("pk", "merged_into_id") if survivor is not None}


def _read_people(directory: CustomerBatch, ids: set[int], drafts: Sequence[CustomerInput]) -> None:
    if not ids:
        return
    for customer in lock_customers(ids).values():
        # The batch knows the organization; reading it again for each customer would be a query each.
        customer.organization = directory.organization
        directory.people[customer.pk] = CustomerState(customer=customer, identifiers={})
    of_these = is_any_of("customer_id", ids, BigIntegerField())
    known = Identifier.objects.filter(of_these).exclude(state=State.FORMER)
    for customer_id, kind, value, state in known.values_list("customer_id", "kind", "value", "state"):
        if state == State.CURRENT:
            directory.people[customer_id].identifiers[kind] = value
        else:
            directory.people[customer_id].inherited.add((kind, value))
    if any(draft.customer.source or draft.source_account for draft in drafts):
        profiles = SourceProfile.objects.filter(of_these)
        for customer_id, source, account in profiles.values_list("customer_id", "source", "account"):
            directory.people[customer_id].profiles.add((source, account))


def _stripe(organization: Organization, kind: str, value: str) -> int:
    """The number whose lock (`lock_numbers`) keeps others from registering, changing or approving this identifier."""
    return _IDENTIFIER_LOCKS | organization.pk * _STRIPES + crc32(f"{kind}:{value}".encode()) % _STRIPES


def _change(person: CustomerState) -> Change:
    return Change(
        action="registered" if person.is_new else "updated",
        object_type="customer",
        object_id=person.customer.pk,
        old=person.old,
        new=person.new,
    )
