"""Refused work: the code of an error that a service raised, and its sentence for staff."""

from collections.abc import Mapping
from typing import Final

from django.db import Error, IntegrityError, OperationalError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from loyalty_project.db.errors import constraint_name, sqlstate
from loyalty_project.db.locks import ChangedMeanwhileError
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError, Notice

# A lock that is not free, and rows that changed while it was waited for.
_BUSY: Final = {"55P03", "40001"}
# In place of the sentences of the protocol, which are written for callers.
SENTENCES: Final[Mapping[CodeTable, str]] = {
    Transport.BUSY: gettext_noop("Another action is running for this customer. Try again in a moment."),
    Transport.CUSTOMER_ERASED: gettext_noop(
        "The personal data of this customer was erased: nothing about them can be changed any more."
    ),
    Code.FRAUD: gettext_noop("Not allowed: the customer is marked as fraud."),
    Code.INVALID_MOBILE: gettext_noop("This is not a mobile number of the organization's countries."),
    Code.COUNTRY_NOT_CONFIGURED: gettext_noop("The organization does not serve the country of this mobile number."),
    Code.INVALID_EMAIL: gettext_noop("This is not an e-mail address."),
    Code.INVALID_EXTERNAL_ID: gettext_noop("This external id does not have the required form."),
    Code.MALFORMED_IDENTIFIER: gettext_noop("This value does not have the required form."),
    Code.MOBILE_REQUIRED: gettext_noop("A mobile number is required."),
    Code.EMAIL_REQUIRED: gettext_noop("An e-mail address is required."),
    Code.EXTERNAL_ID_REQUIRED: gettext_noop("An external id is required."),
    Code.NO_IDENTIFIER: gettext_noop("Enter a mobile number, an e-mail address or an external id."),
    Code.MORE_THAN_EMAIL_REQUIRED: gettext_noop("Enter a mobile number or an external id as well."),
    Code.NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL: gettext_noop("Enter a mobile number or an e-mail address."),
    Code.EXTERNAL_ID_NOT_ALLOWED: gettext_noop("The organization does not use external ids."),
    Code.MOBILE_TAKEN: gettext_noop("Another customer has this mobile number."),
    Code.EMAIL_TAKEN: gettext_noop("Another customer has this e-mail address."),
    Code.EXTERNAL_ID_TAKEN: gettext_noop("Another customer has this external id."),
    Code.ALREADY_REGISTERED: gettext_noop("This customer is already registered."),
    Code.PROFILE_NOT_UPDATED: gettext_noop("The customer was not changed."),
    Code.PRIMARY_MISMATCH: gettext_noop("The identifiers belong to different customers."),
    Code.LOYALTY_CANNOT_BE_LEFT: gettext_noop("A loyalty member stays a loyalty member."),
    Code.CONVERSION_NEEDS_EMAIL: gettext_noop("A loyalty member needs an e-mail address."),
    Code.CONVERSION_NEEDS_EXTERNAL_ID: gettext_noop("A loyalty member needs an external id."),
    Code.REGISTRATION_DATE_OUT_OF_LIMITS: gettext_noop("This date is too early or too late."),
    Code.INVALID_TEST_CONTROL_STATUS: gettext_noop("Choose the test group or the control group."),
    Code.INVALID_CUSTOM_FIELD: gettext_noop("This is not an option of the field."),
    Code.CUSTOM_FIELD_NOT_SAVED: gettext_noop("This value does not fit the type of the field."),
    Code.IDENTITY_CHANGE_FAILED: gettext_noop("The identifier cannot be changed to this value."),
    Code.CHANGE_REQUEST_PENDING: gettext_noop("This change is already requested and waits for a decision."),
    Code.PREFERRED_STORE_NOT_FOUND: gettext_noop("The preferred store was not found."),
    Code.VALIDATION_FAILED: gettext_noop("This value cannot be used: it does not have the required form, or is too long."),
    Code.PRIMARY_NOT_UPDATED: gettext_noop("{x} is the primary identifier, which cannot be changed here."),
    Code.IDENTIFIER_NOT_UPDATED: gettext_noop("The organization does not allow to change {x} here."),
    Code.IDENTIFIER_OCCUPIED: gettext_noop("Another customer has this value."),
    Code.STORE_NOT_POPULATED: gettext_noop("The store was not found."),
    Code.NOT_PERMITTED: gettext_noop("You may not do this."),
    Code.NO_WECHAT_PROFILE: gettext_noop("The customer has no WeChat profile."),
    Code.NO_WEB_ENGAGE_PROFILE: gettext_noop("The customer has no WebEngage profile."),
    Code.NOT_LOYALTY: gettext_noop("The customer is not a loyalty member."),
    Code.POINTS_LOCKED: gettext_noop("The points are busy with another action. Try again in a moment."),
}


def refusal_of(error: LoyaltyError | Error, constraints: Mapping[str, CodeTable]) -> CodeTable:
    """The code of a refusal, as a till would get it. Raises `error` again if it is a bug or a failure elsewhere."""
    if isinstance(error, LoyaltyError):
        return error.code
    if isinstance(error, ChangedMeanwhileError):
        return error.code
    if isinstance(error, OperationalError) and sqlstate(error) in _BUSY:
        return Transport.BUSY
    code = constraints.get(constraint_name(error) or "") if isinstance(error, IntegrityError) else None
    if code is None:
        raise error
    return code


def sentence_of(code: CodeTable, sentences: Mapping[CodeTable, str] = SENTENCES) -> SafeString:
    """The sentence for staff, followed by the number of the code in small print. `sentences` come first."""
    return _with_number(_listed(code, sentences) or _listed(code, SENTENCES) or code.sentence, code)


def _listed(code: CodeTable, sentences: Mapping[CodeTable, str]) -> str:
    """The sentence of a code, "" for none. Codes of several tables may have the same number."""
    return next((gettext(sentence) for key, sentence in sentences.items() if key is code), "")


def notice_sentence(notice: Notice) -> SafeString:
    """The sentence of a warning for staff, followed by the number of its code in small print."""
    sentence = gettext(SENTENCES[notice.code]).format(x=notice.x, y=notice.y) if notice.code in SENTENCES else notice.text
    return _with_number(sentence, notice.code)


def _with_number(sentence: str, code: CodeTable) -> SafeString:
    return format_html('{} <small class="bo-code">({})</small>', sentence, int(code))
