"""Unit of work of a batch: locks and reads its customers in a fixed number of queries, and writes all changes.

Locks: first the identifier values, existing or not (two tills that register the same person at once wait for each other), then
the customers in the order of their ids (`loyalty_project.db.locks` has the order). A till waits for an import only if both have
the same value or customer.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import BigIntegerField

from customers.field_terms.services import keep_terms
from customers.identifiers.exclusivity import settings_guard
from customers.identifiers.models import Identifier
from customers.identifiers.owners import owners_of_exclusive
from customers.identifiers.rules import is_exclusive
from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.profile.text import search_form
from customers.registration.input import CustomerInput
from customers.registration.state import CustomerState, Key, Matches, Release
from customers.sources.models import SourceProfile
from customers.webhook_events import REGISTERED, announce_changes, announce_customers
from loyalty_project.db.instances import new_instance
from loyalty_project.db.locks import lock_values
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries
from organizations.policies import Policy
from organizations.tenancy.models import Organization

State = Identifier.State


@dataclass(slots=True)
class CustomerBatch:
    """Customers of one batch by id and by identifier, as changed by the items so far.

    `by_value` has the owners of current values, `heirs` the customers who only inherited a value.
    """

    organization: Organization
    policy: Policy
    by_id: dict[int, CustomerState] = field(default_factory=dict)
    survivors: dict[int, int] = field(default_factory=dict)  # by the id of a merged customer that an item names
    by_value: dict[Key, CustomerState] = field(default_factory=dict)
    heirs: dict[Key, CustomerState] = field(default_factory=dict)
    created: list[CustomerState] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)

    def find(self, customer_input: CustomerInput) -> Matches:
        """The customers that the input's id and identifiers lead to."""
        sent = customer_input.identifiers.items()
        customer_id = customer_input.customer_id
        by_id = self.by_id.get(self.survivors.get(customer_id, customer_id)) if customer_id is not None else None
        return Matches(
            by_id=by_id,
            by_kind={kind: self.by_value[kind, value] for kind, value in sent if (kind, value) in self.by_value},
            heirs={kind: self.heirs[kind, value] for kind, value in sent if (kind, value) in self.heirs},
            id_was_merged=customer_id in self.survivors,
        )

    def add(self, state: CustomerState) -> None:
        """Add a new customer; later items of the batch match it."""
        self.created.append(state)
        state.arrival = len(self.created)
        self._index(state)

    def set_identifier(self, state: CustomerState, kind: str, value: str) -> None:
        """Give a customer the identifier. A replaced value is kept as a former one."""
        stored = state.identifiers.get(kind)
        if stored is not None:
            if kind not in state.added_identifiers:
                state.replaced_identifiers[kind] = stored
            self.by_value.pop((kind, stored), None)
            if state.promoted_identifiers.pop(kind, None):
                state.inherited.add((kind, stored))
        state.identifiers[kind] = value
        state.added_identifiers.add(kind)
        if (kind, value) in state.inherited:
            state.inherited.discard((kind, value))
            state.promoted_identifiers[kind] = value
        state.note(old={} if stored is None else {kind: stored}, new={kind: value})
        self._index(state)

    def release(self, release: Release) -> None:
        """Take an inherited identifier away from its heir. It is kept as a former one."""
        key = (release.kind, release.value)
        self.heirs.pop(key, None)
        release.heir.inherited.discard(key)
        self.releases.append(release)

    def _index(self, state: CustomerState) -> None:
        for kind, value in state.identifiers.items():
            if is_exclusive(kind, self.policy):
                self.by_value[kind, value] = state
                heir = self.heirs.pop((kind, value), state)
                if heir is not state:
                    self.release(Release(heir=heir, kind=kind, value=value, to=state))
        self.heirs.update((key, state) for key in state.inherited if is_exclusive(key[0], self.policy))

    def write(self, *, by: Actor) -> None:
        """Store all changes with their audit entries, new customers first."""
        insert_with_ids([state.customer for state in self.created])
        self.by_id.update((state.customer.pk, state) for state in self.created)
        self._update_customers()
        changed = [state for state in self.by_id.values() if state.revision]
        self._write_identifiers(changed)
        with_values = [state for state in changed if state.is_new or "field_values" in state.changed_columns]
        keep_terms(
            [state.customer.pk for state in with_values if state.customer.field_values], organization_id=self.organization.pk
        )
        insert_rows(
            [
                SourceProfile(
                    organization_id=self.organization.pk, customer_id=state.customer.pk, source=source, account=account
                )
                for state in changed
                for source, account in sorted(state.added_profiles)
            ]
        )
        insert_rows(audit_entries([*map(_change, changed), *map(_release_change, self.releases)], by=by))
        registered: dict[int, dict[str, str]] = {state.customer.pk: {} for state in changed if state.is_new}
        announce_customers(REGISTERED, registered, organization=self.organization)
        announce_changes((_change(state) for state in changed if not state.is_new), organization=self.organization)

    def _update_customers(self) -> None:
        known = [state for state in self.by_id.values() if state.changed_columns and not state.is_new]
        update_rows(
            [state.customer for state in known], sorted({column for state in known for column in state.changed_columns})
        )

    def _write_identifiers(self, changed: Sequence[CustomerState]) -> None:
        for release in self.releases:
            # Before the rows of the customers who are given the values: a value has one exclusive row.
            inherited = Identifier.objects.filter(customer=release.heir.customer, kind=release.kind, value=release.value)
            inherited.filter(state=State.MERGED).update(state=State.FORMER, exclusive=False)
        for state in changed:
            for kind in state.replaced_identifiers:
                current = Identifier.objects.filter(customer=state.customer, kind=kind, state=State.CURRENT)
                current.update(state=State.FORMER, exclusive=False)
            for kind, value in state.promoted_identifiers.items():
                inherited = Identifier.objects.filter(customer=state.customer, kind=kind, value=value, state=State.MERGED)
                # A shared value is inherited more than once if several merged customers had it.
                Identifier.objects.filter(pk__in=inherited.order_by("pk").values("pk")[:1]).update(state=State.CURRENT)
        insert_rows(
            [
                new_instance(
                    Identifier,
                    organization_id=self.organization.pk,
                    customer_id=state.customer.pk,
                    kind=kind,
                    value=state.identifiers[kind],
                    value_folded=search_form(state.identifiers[kind]),
                    exclusive=is_exclusive(kind, self.policy),
                )
                for state in changed
                for kind in sorted(state.added_identifiers - state.promoted_identifiers.keys())
            ],
            guard=settings_guard(self.organization),
        )


def open_batch(
    inputs: Iterable[CustomerInput], *, organization: Organization, policy: Policy, others: Collection[int] = ()
) -> CustomerBatch:
    """Lock and read all customers that the inputs may change. Call it in the transaction that writes them.

    `others` (ids) are locked and read with them: customers that the inputs concern.

    Raises `django.db.OperationalError` if a lock is not free in time (55P03), and if a customer was merged while the lock was
    waited for (40001): then the item is to be repeated.
    """
    inputs = list(inputs)
    keys = {key for customer_input in inputs for key in customer_input.identifiers.items() if is_exclusive(key[0], policy)}
    ids = {customer_input.customer_id for customer_input in inputs if customer_input.customer_id is not None}
    lock_values(("identifier", organization.pk, *key) for key in keys)
    batch = CustomerBatch(organization, policy, survivors=_survivors_of(ids))
    owners = owners_of_exclusive(keys)
    _read_states(batch, {batch.survivors.get(pk, pk) for pk in ids} | set(owners.values()) | set(others), inputs)
    for (kind, value), customer_id in owners.items():
        state = batch.by_id[customer_id]
        # The customer may have lost the value while the lock was waited for; no other can have got it.
        if state.identifiers.get(kind) == value:
            batch.by_value[kind, value] = state
        elif (kind, value) in state.inherited:
            batch.heirs[kind, value] = state
    return batch


def _survivors_of(ids: set[int]) -> dict[int, int]:
    """Survivors of those customers that are merged, by id. One query, none without ids."""
    if not ids:
        return {}
    victims = Customer.objects.filter(is_any_of("pk", ids, BigIntegerField()), merged_into__isnull=False)
    return {pk: survivor for pk, survivor in victims.values_list("pk", "merged_into_id") if survivor is not None}


def _read_states(batch: CustomerBatch, ids: set[int], inputs: Sequence[CustomerInput]) -> None:
    if not ids:
        return
    for customer in lock_customers(ids, may_be_erased=True).values():
        # Saves a query for each customer.
        customer.organization = batch.organization
        batch.by_id[customer.pk] = CustomerState(customer=customer, identifiers={})
    is_of_batch = is_any_of("customer_id", ids, BigIntegerField())
    known = Identifier.objects.filter(is_of_batch).exclude(state=State.FORMER)
    for customer_id, kind, value, identifier_state in known.values_list("customer_id", "kind", "value", "state"):
        if identifier_state == State.CURRENT:
            batch.by_id[customer_id].identifiers[kind] = value
        else:
            batch.by_id[customer_id].inherited.add((kind, value))
    if any(customer_input.customer.source or customer_input.source_account for customer_input in inputs):
        profiles = SourceProfile.objects.filter(is_of_batch)
        for customer_id, source, account in profiles.values_list("customer_id", "source", "account"):
            batch.by_id[customer_id].profiles.add((source, account))


def _change(state: CustomerState) -> Change:
    return Change(
        action="registered" if state.is_new else "updated",
        object_type="customer",
        object_id=state.customer.pk,
        old=state.old,
        new=state.new,
    )


def _release_change(release: Release) -> Change:
    new = {"customer": release.to.customer.pk} if release.to else {"reason": release.reason}
    return Change(
        action="released",
        object_type="customer",
        object_id=release.heir.customer.pk,
        old={release.kind: release.value},
        new=new,
    )
