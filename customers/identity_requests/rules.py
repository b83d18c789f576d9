"""Rules of changes to identifiers: reading, verification, permission. Pure functions (docs/protocol.md 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from customers.identifiers.models import Identifier
from customers.profile.field_values import read_value
from customers.profile.models import Customer
from customers.profile.text import fold, fold_given, written_name
from customers.registration.context import InputContext
from customers.registration.input import read_identifier, read_stored_identifier
from customers.registration.state import CustomerState
from customers.statuses.rules import Block, blocks, is_leaving
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item, rows, text
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy

Kind = Identifier.Kind
# What verification may ask: a name or identifier by its key, or one of the organization's fields.
Question = str | FieldDefinition
_NAMES: Final = ("firstname", "lastname")
_FIELD_CATEGORIES: Final = (FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """A requested change of an identifier, values in canonical form. `answers` are pairs of a field's name and the answer."""

    kind: Kind
    old_value: str
    new_value: str
    answers: Sequence[tuple[str, str]] = ()
    validation_code: str = ""
    comments: str = ""


def read_item(item: Item, context: InputContext) -> IdentityChange:
    """The change that an item of update_identity requests. Raises `LoyaltyError` 1041 and 1042, and 400 for other than text."""
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
    """The change in canonical form.

    Raises `LoyaltyError` 1041 for an unknown kind and for equal values, 1042 for a malformed value.
    """
    if kind.lower() not in Kind.values or old_value == new_value:
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)
    known = Kind(kind.lower())
    old = read_stored_identifier(known, old_value, context)
    new = read_identifier(known, new_value, context)
    if old is None or new is None:
        raise LoyaltyError(Code.MALFORMED_IDENTIFIER)
    if old == new:
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)
    return IdentityChange(
        kind=known, old_value=old, new_value=new, answers=answers, validation_code=validation_code, comments=comments
    )


def check_customer(customer: Customer, policy: Policy) -> None:
    """Check that identifiers of this customer may change. Raises `LoyaltyError` 1013, 618, 1041."""
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    check_status(customer, policy)


def check_status(customer: Customer, policy: Policy) -> None:
    """Check that the status lets identifiers change. Raises `LoyaltyError` 618, and 1041 if the account is being deleted."""
    if blocks(customer, Block.IDENTIFIER_CHANGE, policy):
        raise LoyaltyError(Code.FRAUD)
    if is_leaving(customer, policy):
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)


def check_answers(answers: Sequence[tuple[str, str]], state: CustomerState, context: InputContext) -> None:
    """Check the answers against the organization's verification.

    Raises `LoyaltyError` 1027 (unknown field), 1025 (a mandatory answer is missing or wrong), 1026 (too few optional answers
    are right).
    """
    answer_of: dict[Question, str] = {}
    for name, value in answers:
        question = _question(name, context)
        if question is None:
            raise LoyaltyError(Code.VERIFICATION_UNKNOWN_FIELD)
        answer_of[question] = value
    right = {question for question, value in answer_of.items() if _matches(question, value, state, context)}
    verification = context.organization.verification
    if not all(_question(name, context) in right for name in verification.mandatory):
        raise LoyaltyError(Code.VERIFICATION_MANDATORY_MISMATCH)
    if sum(_question(name, context) in right for name in verification.optional) < verification.optional_matches:
        raise LoyaltyError(Code.VERIFICATION_TOO_FEW_MATCHES)


def may_change(kind: Kind, policy: Policy) -> bool:
    """True if the policy lets identifiers of this kind change on request."""
    return kind is not Kind.EXTERNAL_ID or (policy.uses_external_id and policy.external_id_update)


def auto_approval_policy(kind: Kind, policy: Policy) -> str:
    """Name of the policy that approves changes of this kind at once; "" if staff have to approve them."""
    policies: Mapping[Kind, tuple[bool, str]] = {
        Kind.MOBILE: (policy.mobile_auto_approve, "CI_MOBILE_AUTO_APPROVE"),
        Kind.EMAIL: (policy.email_auto_approve, "CI_EMAIL_AUTO_APPROVE"),
        Kind.EXTERNAL_ID: (policy.external_id_auto_approve, "CI_EXTID_AUTO_APPROVE"),
    }
    is_on, name = policies[kind]
    return name if is_on else ""


def _question(name: str, context: InputContext) -> Question | None:
    """What a name means: a name or identifier, then a custom field, then an extended one; None if unknown."""
    word = fold_given(name)
    if word in _NAMES or word in Kind.values:
        return word
    definitions = (context.field_named(category, name) for category in _FIELD_CATEGORIES)
    return next((definition for definition in definitions if definition is not None), None)


def _matches(question: Question, answer: str, state: CustomerState, context: InputContext) -> bool:
    """True if the answer equals the stored value, ignoring case. An empty stored value never matches."""
    if isinstance(question, FieldDefinition):
        stored = state.customer.value_of(question.pk)
        try:
            given = read_value(answer, question)
        except ValueError:
            return False
        if isinstance(given, str) and isinstance(stored, str):
            return bool(stored) and fold(given) == fold(stored)
        return bool(stored) and given == stored
    if question in _NAMES:
        name = getattr(state.customer, question)
        return bool(name) and fold_given(written_name(answer)) == fold(written_name(name))
    stored = state.identifiers.get(question, "")
    given_value = read_stored_identifier(question, answer, context) or answer
    return bool(stored) and fold_given(given_value) == fold(stored)
