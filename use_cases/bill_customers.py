"""The customer of a till's bill: known, updated or registered by what the bill says (docs/protocol.md, tills' part 2.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from customers.lookup.references import UNKNOWN
from customers.lookup.statement import Found
from customers.registration.context import InputContext
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from engagement.bills.codes import BillCode
from engagement.bills.reading import SentBill
from engagement.points.models import PointsEntry
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from organizations.configuration import Configuration
from referrals.rewards.payloads import reward_effects
from use_cases.registration import register_all

# The codes of bills for the refusals of registrations; any other is 610.
_REFUSALS: Final[Mapping[Code, BillCode]] = {
    Code.FRAUD: BillCode.FRAUD,
    Code.INVALID_EMAIL: BillCode.INVALID_EMAIL,
    Code.EMAIL_TAKEN: BillCode.EMAIL_TAKEN,
    Code.MOBILE_TAKEN: BillCode.MOBILE_TAKEN,
    Code.INVALID_MOBILE: BillCode.INVALID_MOBILE,
    Code.COUNTRY_NOT_CONFIGURED: BillCode.INVALID_MOBILE,
    Code.MOBILE_REQUIRED: BillCode.MOBILE_REQUIRED,
    Code.INVALID_EXTERNAL_ID: BillCode.INVALID_IDENTIFIER,
    Code.MALFORMED_IDENTIFIER: BillCode.INVALID_IDENTIFIER,
    Code.EXTERNAL_ID_TAKEN: BillCode.EXTERNAL_ID_TAKEN,
    Code.EXTERNAL_ID_NOT_ALLOWED: BillCode.EXTERNAL_ID_NOT_ALLOWED,
    Code.ENROLMENT_FAILED: BillCode.NOT_ENROLLED,
    Code.MORE_THAN_EMAIL_REQUIRED: BillCode.EMAIL_ALONE,
    Code.EMAIL_REQUIRED: BillCode.EMAIL_REQUIRED,
    Code.REGISTRATION_DATE_OUT_OF_LIMITS: BillCode.INVALID_REGISTRATION_DATE,
}
_IDENTIFIERS: Final = ("mobile", "email", "external_id")
_REFERENCES: Final = frozenset({"id", "user_id", "card_number", "card_external_id", *_IDENTIFIERS})
_OF_SURVIVOR: Final = Notice(Code.SURVIVOR_RETRIEVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillCustomer:
    """The customer of a bill, with the warnings of their registration, its points, and the printed effects of referrals."""

    customer_id: int
    notices: Sequence[Notice] = ()
    entries: Sequence[PointsEntry] = ()
    effects: Sequence[Mapping[str, Any]] = ()


def registers(sent: SentBill) -> bool:
    """True if the bill says more of its customer than a single reference, or may register one."""
    if sent.is_anonymous:
        return False
    return len(sent.references) > 1 or any(_is_given(value) for key, value in sent.customer.items() if key not in _REFERENCES)


def customer_of_bill(
    sent: SentBill,
    found: Found | Code | None,
    *,
    context: InputContext,
    configuration: Configuration,
    by: Actor,
    defer_awards: bool,
) -> BillCustomer | None:
    """The customer that the references lead to (`found`), updated or registered by the bill; None for anonymous bills.

    A return registers nobody. Raises `LoyaltyError` with the codes of docs/protocol.md, tills' part 2.3. Call it in a
    transaction.
    """
    if sent.is_anonymous or not sent.references:
        return None
    known = found if isinstance(found, Found) else None
    if sent.draft.is_return and known is None:
        return None
    _check_found(sent, found)
    if known is not None and not registers(sent):
        return BillCustomer(customer_id=known.customer.pk, notices=[_OF_SURVIVOR] if known.is_merged else [])
    return _register(sent, known, context=context, configuration=configuration, by=by, defer_awards=defer_awards)


def _check_found(sent: SentBill, found: Found | Code | None) -> None:
    """Refuse an unknown id, an unknown card without another reference, and a malformed reference that is no identifier."""
    if isinstance(found, Found):
        return
    if "id" in sent.references or not any(key in sent.references for key in _IDENTIFIERS):
        is_unknown = found in UNKNOWN or found in {Code.INVALID_INPUT, Code.MALFORMED_IDENTIFIER, None}
        raise LoyaltyError(BillCode.CUSTOMER_NOT_FOUND if is_unknown else BillCode.REGISTRATION_FAILED)


def _register(
    sent: SentBill,
    known: Found | None,
    *,
    context: InputContext,
    configuration: Configuration,
    by: Actor,
    defer_awards: bool,
) -> BillCustomer:
    """Register or update by the same rules as customer/add; a new customer as of the billing time."""
    options = RegistrationOptions(defer_awards=defer_awards)
    item = _item_of(sent, known, context)
    by_id = known is not None and not any(key in sent.references for key in _IDENTIFIERS)
    try:
        draft = read_customer_input(item, context, action="update" if "id" in item else "add")
        (result,) = register_all([draft], options=options, context=context, by=by, configuration=configuration)
        if isinstance(result, LoyaltyError):
            raise result
    except LoyaltyError as error:
        code = error.code
        refusal = _REFUSALS.get(code, BillCode.REGISTRATION_FAILED) if isinstance(code, Code) else BillCode.REGISTRATION_FAILED
        raise LoyaltyError(refusal, key=error.key) from error
    zone = context.organization.zone
    notices = list(result.notices)
    if known is not None and known.is_merged and (by_id or _OF_SURVIVOR not in notices):
        notices.append(_OF_SURVIVOR)
    return BillCustomer(
        customer_id=result.customer.pk,
        notices=notices,
        entries=result.entries,
        effects=reward_effects(result.rewards, zone=zone),
    )


def _item_of(sent: SentBill, known: Found | None, context: InputContext) -> Item:
    """The item of the registration. A customer named by id or card is updated by id; a new one is as of the billing time."""
    item = {key: value for key, value in sent.customer.items() if key not in {"id", "user_id"}}
    if known is not None and ("id" in sent.references or not any(key in sent.references for key in _IDENTIFIERS)):
        item = {key: value for key, value in item.items() if key not in {"card_number", "card_details", "card_external_id"}}
        return {**item, "id": str(known.customer.pk)}
    if known is None and not _is_given(item.get("registered_on")):
        item["registered_on"] = write_moment(sent.draft.billed_at, context.organization.zone)
    return item


def _is_given(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)
