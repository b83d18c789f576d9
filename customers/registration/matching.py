"""Who is meant by an item, and which identifiers will they have? The rules of docs/protocol.md 2.4 and 2.5 as pure functions.

`match` looks at what was sent, whom it leads to and the policy, and says what is to be done or why not; it changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.input import DISPLAY_NAMES, CustomerInput
from customers.registration.state import CustomerState, Matches
from customers.statuses.rules import Block, blocks
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
# The order in which identifiers are asked, after the primary one.
ORDER = (Kind.MOBILE, Kind.EXTERNAL_ID, Kind.EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with an item: the person to work on (None: a new one), the identifiers to give them, and the warnings.

    `victims` are to be merged into the person first, in this order.
    """

    state: CustomerState | None
    identifiers: dict[str, str]
    notices: tuple[Notice, ...]
    victims: tuple[CustomerState, ...] = ()


def match(customer_input: CustomerInput, found: Matches, policy: Policy, *, may_create: bool) -> Plan:
    """The plan of an item, rows A to I of docs/protocol.md 2.4.

    Raises `LoyaltyError` 1011 or 1012 (nobody is meant and nobody may be created), 1008 (external ids are switched off), 1047
    (strict check), 1016, 1032 or 1033 (somebody else has it and is not to be merged), 618 (fraud, or a status label, closes
    identifier changes and merging).
    """
    if customer_input.customer_id is not None and found.by_id is None:
        raise LoyaltyError(Code.UNKNOWN_ID)
    notices: list[Notice] = []
    sent = dict(customer_input.identifiers)
    if not policy.uses_external_id and sent.pop(Kind.EXTERNAL_ID, ""):
        notices.append(Notice(Code.IDENTIFIER_NOT_UPDATED, x=DISPLAY_NAMES[Kind.EXTERNAL_ID]))
        if not sent and may_create:
            raise LoyaltyError(Code.EXTERNAL_ID_NOT_ALLOWED)
    state = _matched(sent, found, policy, notices)
    if state is None:
        if not may_create:
            raise LoyaltyError(Code.UNKNOWN_IDENTIFIER)
        return Plan(state=None, identifiers=sent, notices=tuple(notices))
    victims = _settle_strangers(sent, state, found, policy, notices)
    if found.by_merged_customer:
        notices.append(Notice(Code.SURVIVOR_RETRIEVED))
    changes = _changes(sent, state, merged_identifiers(state, victims), policy, notices)
    concerned = (state, *victims) if changes or victims else ()
    if any(blocks(one.customer, Block.IDENTIFIER_CHANGE, policy) for one in concerned):
        raise LoyaltyError(Code.FRAUD)
    return Plan(state=state, identifiers=changes, notices=tuple(notices), victims=victims)


def merged_identifiers(survivor: CustomerState, victims: Iterable[CustomerState]) -> dict[str, str]:
    """The current identifiers once the victims are merged: theirs fill what the survivor lacks (docs/protocol.md 2.4)."""
    merged = dict(survivor.identifiers)
    for victim in victims:
        for kind, value in victim.identifiers.items():
            merged.setdefault(kind, value)
    return merged


def _matched(sent: dict[str, str], found: Matches, policy: Policy, notices: list[Notice]) -> CustomerState | None:
    """Whom the item is about. Drops from `sent` what the skip policy drops (91007)."""
    primary = policy.primary
    if found.by_id is not None:
        return found.by_id
    if primary in found.by_kind:
        return found.by_kind[primary]
    others = {kind: found.by_kind[kind] for kind in ORDER if kind in found.by_kind and kind in sent}
    if not others:
        return None
    if primary not in sent:
        return min(others.values(), key=_seniority)
    unknown_primary = [state for state in others.values() if primary not in state.identifiers]
    if unknown_primary:
        return min(unknown_primary, key=_seniority)
    if policy.skip_secondary:
        _drop(others, sent, notices)
        return None
    if policy.strict_primary:
        raise LoyaltyError(Code.PRIMARY_MISMATCH)
    return min(others.values(), key=_seniority)


def _settle_strangers(
    sent: dict[str, str], state: CustomerState, found: Matches, policy: Policy, notices: list[Notice]
) -> tuple[CustomerState, ...]:
    """What happens where identifiers lead to others than `person`: those are merged, the oldest first; or the identifiers are
    dropped, or the item is refused.
    """
    strangers = {kind: found.by_kind[kind] for kind in ORDER if kind in sent and found.by_kind.get(kind, state) is not state}
    if not strangers:
        return ()
    if policy.skip_secondary:
        _drop(strangers, sent, notices)
        return ()
    if policy.strict_primary:
        raise LoyaltyError(Code.PRIMARY_MISMATCH)
    if not policy.auto_merge:
        raise LoyaltyError(min(TAKEN[kind] for kind in strangers))
    return tuple(sorted({id(one): one for one in strangers.values()}.values(), key=_seniority))


def _changes(
    sent: dict[str, str], state: CustomerState, current: dict[str, str], policy: Policy, notices: list[Notice]
) -> dict[str, str]:
    """The identifiers to fill or replace among the `current` ones; the others are kept, with 91005 for the primary and 91006
    for the rest. One that the person inherited from a merged customer was sent to find them: it changes what may be changed,
    and is no reason for a warning.
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
            notices.append(Notice(Code.PRIMARY_NOT_UPDATED, x=name, y=name))
        else:
            notices.append(Notice(Code.IDENTIFIER_NOT_UPDATED, x=DISPLAY_NAMES[kind]))
    return changes


def check_new(customer_type: str, identifiers: Iterable[str], policy: Policy) -> None:
    """Whether somebody may register with these kinds of identifiers (docs/protocol.md 2.3, 2.5).

    Raises `LoyaltyError` 1045, or for loyalty customers 1008, 1019, 1006, 1039, 1043: what is missing, the primary first.
    """
    kinds = set(identifiers)
    if customer_type != Customer.Type.LOYALTY:
        if customer_type == Customer.Type.NON_LOYALTY and not kinds & {Kind.MOBILE, Kind.EMAIL}:
            raise LoyaltyError(Code.NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL)
        return
    if policy.primary not in kinds and (policy.primary_required or not policy.any_identifier):
        if kinds == {Kind.EMAIL}:
            raise LoyaltyError(Code.MORE_THAN_EMAIL_REQUIRED)
        if kinds == {Kind.EXTERNAL_ID}:
            raise LoyaltyError(Code.EXTERNAL_ID_NOT_ALLOWED)
        raise LoyaltyError(REQUIRED[Kind(policy.primary)])
    _check_required(kinds, policy, REQUIRED)


def check_conversion(identifiers: Iterable[str], policy: Policy) -> None:
    """Whether somebody with these kinds of identifiers may become a loyalty customer: else 1006, 1048, 1049."""
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


def _drop(strangers: Iterable[str], sent: dict[str, str], notices: list[Notice]) -> None:
    for kind in strangers:
        del sent[kind]
        notices.append(Notice(Code.IDENTIFIER_OCCUPIED, x=DISPLAY_NAMES[kind]))


def _seniority(state: CustomerState) -> tuple[object, bool, int]:
    """The older registration first, then the lower id. Who is new in this batch has none yet: it will be a later one."""
    customer = state.customer
    return customer.registered_on, state.is_new, state.arrival if state.is_new else customer.pk
