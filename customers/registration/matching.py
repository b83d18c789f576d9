"""Pure rules that match an item to customers and decide on identifiers (docs/protocol.md 2.4, 2.5).

`match` makes a plan of the sent identifiers, the customers they lead to and the policy. It changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.input import DISPLAY_NAMES, CustomerInput
from customers.registration.state import CustomerState, Matches
from customers.statuses.rules import Block, blocks, is_leaving
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.policies import Policy

Kind = Identifier.Kind
TAKEN = {Kind.EMAIL: Code.EMAIL_TAKEN, Kind.MOBILE: Code.MOBILE_TAKEN, Kind.EXTERNAL_ID: Code.EXTERNAL_ID_TAKEN}
REQUIRED = {Kind.MOBILE: Code.MOBILE_REQUIRED, Kind.EMAIL: Code.EMAIL_REQUIRED, Kind.EXTERNAL_ID: Code.EXTERNAL_ID_REQUIRED}
REQUIRED_TO_CONVERT = {
    Kind.MOBILE: Code.MOBILE_REQUIRED,
    Kind.EMAIL: Code.CONVERSION_NEEDS_EMAIL,
    Kind.EXTERNAL_ID: Code.CONVERSION_NEEDS_EXTERNAL_ID,
}
# Order in which identifiers are matched, after the primary one.
ORDER = (Kind.MOBILE, Kind.EXTERNAL_ID, Kind.EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Decision about an item: the customer to change (None: a new one), identifiers to give, and warnings.

    `victims` are merged into the customer first, in this order.
    """

    state: CustomerState | None
    identifiers: dict[str, str]
    notices: tuple[Notice, ...]
    victims: tuple[CustomerState, ...] = ()


def match(customer_input: CustomerInput, matches: Matches, policy: Policy, *, may_create: bool) -> Plan:
    """The plan of an item, rows A to I of docs/protocol.md 2.4.

    Raises `LoyaltyError` 1001 (a mobile of a country that is not configured is not stored either), 1011 or 1012 (no customer
    matches and none may be created), 1008 (external ids are switched off), 1047 (strict check), 1016, 1032 or 1033 (another
    customer has the value and may not be merged), 618 (fraud or a status label forbids identifier changes and merges, or the
    account of a victim is deleted or pending deletion).
    """
    if customer_input.customer_id is not None and matches.by_id is None:
        raise LoyaltyError(Code.UNKNOWN_ID)
    if customer_input.has_former_mobile and Kind.MOBILE not in matches.by_kind:
        raise LoyaltyError(Code.INVALID_MOBILE)
    notices: list[Notice] = []
    sent = dict(customer_input.identifiers)
    if not policy.uses_external_id and sent.pop(Kind.EXTERNAL_ID, ""):
        notices.append(Notice(Code.IDENTIFIER_NOT_UPDATED, x=DISPLAY_NAMES[Kind.EXTERNAL_ID], key=Kind.EXTERNAL_ID))
        if not sent and may_create:
            raise LoyaltyError(Code.EXTERNAL_ID_NOT_ALLOWED)
    state = _matching_customer(sent, matches, policy, notices)
    if state is None:
        if not may_create:
            raise LoyaltyError(Code.UNKNOWN_IDENTIFIER)
        return Plan(state=None, identifiers=sent, notices=tuple(notices))
    victims = _victims(sent, state, matches, policy, notices)
    if matches.id_was_merged or state in (matches.heirs[kind] for kind in sent if kind in matches.heirs):
        notices.append(Notice(Code.SURVIVOR_RETRIEVED))
    changes = _changes(sent, state, merged_identifiers(state, victims), policy, notices)
    changed = (state, *victims) if changes or victims else ()
    if any(blocks(other.customer, Block.IDENTIFIER_CHANGE, policy) for other in changed):
        raise LoyaltyError(Code.FRAUD)
    if any(is_leaving(victim.customer, policy) for victim in victims):
        raise LoyaltyError(Code.FRAUD)
    return Plan(state=state, identifiers=changes, notices=tuple(notices), victims=victims)


def merged_identifiers(survivor: CustomerState, victims: Iterable[CustomerState]) -> dict[str, str]:
    """The current identifiers after a merge: those of the victims fill the survivor's gaps (docs/protocol.md 2.4)."""
    merged = dict(survivor.identifiers)
    for victim in victims:
        for kind, value in victim.identifiers.items():
            merged.setdefault(kind, value)
    return merged


def _matching_customer(sent: dict[str, str], matches: Matches, policy: Policy, notices: list[Notice]) -> CustomerState | None:
    """The customer that the item names. Removes from `sent` the identifiers that the skip policy drops (91007).

    An inherited value leads to its heir if no current one is sent that names another customer. It belongs to nobody: a policy
    that distinguishes customers by their primary identifier leaves it to the new customer.
    """
    primary = policy.primary
    if matches.by_id is not None:
        return matches.by_id
    if primary in matches.by_kind:
        return matches.by_kind[primary]
    owners = {kind: matches.by_kind[kind] for kind in ORDER if kind in matches.by_kind and kind in sent}
    heirs: dict[str, CustomerState] = {kind: matches.heirs[kind] for kind in ORDER if kind in matches.heirs and kind in sent}
    if primary in heirs and (not owners or heirs[primary] in owners.values()):
        return heirs[primary]
    known = [state for state in (owners or heirs).values() if primary not in sent or primary not in state.identifiers]
    if not known and policy.skip_secondary:
        _drop(owners, sent, notices)
    elif not known and owners and policy.strict_primary:
        raise LoyaltyError(Code.PRIMARY_MISMATCH)
    elif not known and not policy.strict_primary:
        # Row D: they have another primary identifier.
        known = [*(owners or heirs).values()]
    return min(known, key=_seniority, default=None)


def _victims(
    sent: dict[str, str], state: CustomerState, matches: Matches, policy: Policy, notices: list[Notice]
) -> tuple[CustomerState, ...]:
    """Other customers who have the identifiers, to be merged, the oldest first. Heirs are not: they do not own the value.

    By policy their identifiers are removed from `sent` instead, or the item is refused.
    """
    others = {kind: matches.by_kind[kind] for kind in ORDER if kind in sent and matches.by_kind.get(kind, state) is not state}
    if not others:
        return ()
    if policy.skip_secondary:
        _drop(others, sent, notices)
        return ()
    if policy.strict_primary:
        raise LoyaltyError(Code.PRIMARY_MISMATCH)
    if not policy.auto_merge:
        raise LoyaltyError(min(TAKEN[kind] for kind in others))
    return tuple(sorted({id(other): other for other in others.values()}.values(), key=_seniority))


def _changes(
    sent: dict[str, str], state: CustomerState, current: dict[str, str], policy: Policy, notices: list[Notice]
) -> dict[str, str]:
    """Identifiers to fill or replace among the `current` ones. The others are kept, with 91005 (primary) or 91006.

    A value inherited from a merged customer may replace the current one where the policy allows; else it is not a reason for a
    warning, as it only identified the customer.
    """
    allowed = {
        Kind.MOBILE: policy.mobile_update,
        Kind.EMAIL: policy.email_update,
        Kind.EXTERNAL_ID: policy.external_id_update,
    }
    changes = {}
    for kind in Kind:
        value, stored = sent.get(kind), current.get(kind)
        if value is None or value == stored:
            continue
        if stored is None or (kind != policy.primary and allowed[kind]):
            changes[kind.value] = value
        elif (kind, value) in state.inherited:
            continue
        elif kind == policy.primary:
            name = DISPLAY_NAMES[kind]
            notices.append(Notice(Code.PRIMARY_NOT_UPDATED, x=name, y=name, key=kind))
        else:
            notices.append(Notice(Code.IDENTIFIER_NOT_UPDATED, x=DISPLAY_NAMES[kind], key=kind))
    return changes


def check_new(customer_type: str, identifiers: Iterable[str], policy: Policy) -> None:
    """Check that a customer may register with these kinds of identifiers (docs/protocol.md 2.3, 2.5).

    Raises `LoyaltyError` for a missing one, the primary first: 1045, for loyalty customers 1019, 1006, 1039, 1043.
    """
    kinds = set(identifiers)
    if customer_type != Customer.Type.LOYALTY:
        if customer_type == Customer.Type.NON_LOYALTY and not kinds & {Kind.MOBILE, Kind.EMAIL}:
            raise LoyaltyError(Code.NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL)
        return
    if policy.primary not in kinds and (policy.primary_required or not policy.any_identifier):
        if kinds == {Kind.EMAIL}:
            raise LoyaltyError(Code.MORE_THAN_EMAIL_REQUIRED)
        raise LoyaltyError(REQUIRED[Kind(policy.primary)])
    _check_required(kinds, policy, REQUIRED)


def check_conversion(identifiers: Iterable[str], policy: Policy) -> None:
    """Check that a customer with these kinds of identifiers may become a loyalty customer: else 1006, 1048, 1049."""
    kinds = set(identifiers)
    if policy.primary not in kinds and (policy.primary_required or not policy.any_identifier):
        raise LoyaltyError(REQUIRED_TO_CONVERT[Kind(policy.primary)])
    _check_required(kinds, policy, REQUIRED_TO_CONVERT)


def _check_required(kinds: set[str], policy: Policy, codes: dict[Kind, Code]) -> None:
    required = {
        Kind.MOBILE: policy.mobile_required,
        Kind.EMAIL: policy.email_required,
        Kind.EXTERNAL_ID: policy.external_id_required,
    }
    for kind in Kind:
        if required[kind] and kind != policy.primary and kind not in kinds:
            raise LoyaltyError(codes[kind])


def _drop(others: Iterable[str], sent: dict[str, str], notices: list[Notice]) -> None:
    for kind in others:
        del sent[kind]
        notices.append(Notice(Code.IDENTIFIER_OCCUPIED, x=DISPLAY_NAMES[kind], key=kind))


def _seniority(state: CustomerState) -> tuple[object, bool, int]:
    """Sort key: the older registration first, then the lower id. New customers of the batch get their ids later, in order."""
    customer = state.customer
    return customer.registered_on, state.is_new, state.arrival if state.is_new else customer.pk
