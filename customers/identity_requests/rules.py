"""What does somebody want changed about a customer's identifiers, and do they know the customer? Pure rules.

(docs/protocol.md 4.3; the order of the checks is the one given there)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from customers.identifiers.models import Identifier
from customers.identifiers.values import read_external_id
from customers.profile.field_values import read_value, write_value
from customers.profile.models import Customer
from customers.profile.text import fold
from customers.registration.input import InputContext, read_identifier
from customers.registration.state import CustomerState
from customers.statuses.rules import Block, blocks
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item, rows, text
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy

Kind = Identifier.Kind
# A thing that is known of a customer: a name or an identifier by its word, or one of the organization's fields.
Question = str | FieldDefinition
_NAMES: Final = ("firstname", "lastname")
_ASKED_OF_CUSTOMERS: Final = (FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """`old_value` is to become `new_value`, both in canonical form. `answers` are fields by name and what was told of them."""

    kind: Kind
    old_value: str
    new_value: str
    answers: Sequence[tuple[str, str]] = ()
    validation_code: str = ""
    comments: str = ""


def read_item(item: Item, context: InputContext) -> IdentityChange:
    """The wish of an item of update_identity. Raises `LoyaltyError` 1041 and 1042, and 400 for what is no text."""
    return read_change(
        text(item, "identifier"),
        text(item, "old_value", "old_identifier"),
        text(item, "new_value", "new_identifier"),
        context=context,
        answers=[(text(row, "name"), text(row, "value")) for row in rows(item, "verification", "field")],
        validation_code=text(item, "validation_code"),
    )


def read_change(
    kind: str,
    old_value: str,
    new_value: str,
    *,
    context: InputContext,
    answers: Sequence[tuple[str, str]] = (),
    validation_code: str = "",
    comments: str = "",
) -> IdentityChange:
    """The wish in canonical form.

    Raises `LoyaltyError` 1041 for a kind that is none and for values that are the same, 1042 for a malformed one.
    """
    if kind.lower() not in Kind.values or old_value == new_value:
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)
    known = Kind(kind.lower())
    # An external id may be older than the pattern that new ones have to match.
    old = read_external_id(old_value) if known is Kind.EXTERNAL_ID else read_identifier(known, old_value, context)
    new = read_identifier(known, new_value, context)
    if old is None or new is None:
        raise LoyaltyError(Code.MALFORMED_IDENTIFIER)
    if old == new:
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)
    return IdentityChange(
        kind=known, old_value=old, new_value=new, answers=answers, validation_code=validation_code, comments=comments
    )


def check_customer(customer: Customer, policy: Policy) -> None:
    """Whether the identifiers of this customer may change at all. Raises `LoyaltyError` 1013, 618."""
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    if blocks(customer, Block.IDENTIFIER_CHANGE, policy):
        raise LoyaltyError(Code.FRAUD)


def check_answers(answers: Sequence[tuple[str, str]], person: CustomerState, context: InputContext) -> None:
    """Whether whoever asks knows of the customer what the organization wants known.

    Raises `LoyaltyError` 1027 (there is no such field), 1025 (a mandatory one differs or was not told), 1026 (too few of the
    optional ones match).
    """
    told: dict[Question, str] = {}
    for name, value in answers:
        question = _question(name, context)
        if question is None:
            raise LoyaltyError(Code.VERIFICATION_UNKNOWN_FIELD)
        told[question] = value
    right = {question for question, value in told.items() if _matches(question, value, person, context)}
    asked = context.organization.verification
    if not all(_question(name, context) in right for name in asked.mandatory):
        raise LoyaltyError(Code.VERIFICATION_MANDATORY_MISMATCH)
    if sum(_question(name, context) in right for name in asked.optional) < asked.optional_matches:
        raise LoyaltyError(Code.VERIFICATION_TOO_FEW_MATCHES)


def may_change(kind: Kind, policy: Policy) -> bool:
    """Whether the policy lets identifiers of this kind change on request: external ids only where they are used and changed."""
    return kind is not Kind.EXTERNAL_ID or (policy.uses_external_id and policy.external_id_update)


def auto_approval_policy(kind: Kind, policy: Policy) -> str:
    """The flag by which changes of this kind take effect at once; "" where somebody has to approve them."""
    flags: Mapping[Kind, tuple[bool, str]] = {
        Kind.MOBILE: (policy.mobile_auto_approve, "CI_MOBILE_AUTO_APPROVE"),
        Kind.EMAIL: (policy.email_auto_approve, "CI_EMAIL_AUTO_APPROVE"),
        Kind.EXTERNAL_ID: (policy.external_id_auto_approve, "CI_EXTID_AUTO_APPROVE"),
    }
    is_on, flag = flags[kind]
    return flag if is_on else ""


def _question(name: str, context: InputContext) -> Question | None:
    """What a name stands for: name or identifier before custom fields, these before extended ones; None for nothing."""
    word = fold(name)
    if word in _NAMES or word in Kind.values:
        return word
    found = (context.field_named(category, name) for category in _ASKED_OF_CUSTOMERS)
    return next((definition for definition in found if definition is not None), None)


def _matches(question: Question, told: str, person: CustomerState, context: InputContext) -> bool:
    """Whether what was told is what is stored, in any case. Nothing stored is matched by nothing."""
    if isinstance(question, FieldDefinition):
        stored = person.customer.value_of(question.pk)
        try:
            return bool(stored) and fold(write_value(read_value(told, question))) == fold(write_value(stored))
        except ValueError:
            return False
    if question in _NAMES:
        stored = getattr(person.customer, question)
    else:
        stored, told = person.identifiers.get(question, ""), read_identifier(question, told, context) or told
    return bool(stored) and fold(told) == fold(stored)
