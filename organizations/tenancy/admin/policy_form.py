"""How are the policy flags asked for in a form? Grouped, each with a question in plain words and its documented name.

docs/protocol.md 2.3 says what each one does; a test holds that this table has them all.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from organizations.policies import CHOICES, DEFAULTS, NAMES

GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "Registration": {
        "CONF_REGISTRATION_PRIMARY_KEY": "Primary identifier",
        "CONF_REGISTRATION_PRIMARY_KEY_REQUIRED": "The primary identifier must be given",
        "CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS": "Any one identifier is enough",
        "CONF_USERS_IS_MOBILE_REQUIRED": "Mobile is mandatory",
        "CONF_USERS_IS_EMAIL_REQUIRED": "E-mail is mandatory",
        "CONF_USERS_IS_EXTERNAL_ID_REQUIRED": "External id is mandatory",
        "CONF_USERS_IS_EMAIL_UNIQUE": "An e-mail belongs to one customer only",
        "CONF_USERS_USE_EXTERNAL_ID": "External ids are used",
        "EXTERNAL_ID_PATTERN": "Form of external ids (regular expression)",
        "SOFT_SECONDARY_VALIDATION": "Drop invalid secondary identifiers with a warning",
        "CONF_MIN_REGISTRATION_DATE": "Earliest registration date",
        "MAX_FUTURE_REGISTRATION_DAYS": "Days a registration may lie ahead",
        "STRICT_TILL": "Refuse items that name an unknown till",
        "REJECT_EXISTING_ON_ADD": "Adding a known customer is an error",
        "CONF_CLIENT_V2_API_ENABLED": "Keep sources other than INSTORE",
        "CONF_CLIENT_DEFAULT_COUNTRYCODE_PASSED": "Detect the country of a mobile",
        "TEST_CONTROL_RATIO": "Percent of new customers in the control group",
        "CONF_LOYALTY_REGISTER_CUSTOMER_GENDER": "Field that answers the gender",
        "CONF_LOYALTY_REGISTER_CUSTOMER_AGE": "Field that answers the age",
    },
    "Generated external ids": {
        "CONF_CARD_NUMBER_GENERATION_ENABLED": "Generate numbers",
        "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED": "Use them as external ids",
        "CONF_CARD_NUMBER_LENGTH": "Length",
        "CONF_CARD_NUMBER_PREFIX": "Prefix",
        "CONF_CARD_NUMBER_SUFFIX": "Suffix",
        "CONF_CARD_NUMBER_OFFSET": "First number",
        "CONF_CARD_CHECKSUM_DIGIT_ALGO": "Check digit",
        "SOURCE_ACCOUNTS_EXTERNALID_ENABLED": "Numbers per source account",
    },
    "Changing and merging": {
        "CONF_ALLOW_MOBILE_UPDATE": "A mobile may be replaced",
        "CONF_ALLOW_EMAIL_UPDATE": "An e-mail may be replaced",
        "CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE": "An external id may be replaced",
        "CONF_PRIMARY_IDENTIFIER_STRICT_CHECK": "Refuse a secondary identifier of somebody else",
        "CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": "Drop a secondary identifier of somebody else",
        "AUTO_MERGE_ON_IDENTIFIER_COLLISION": "Merge accounts whose identifiers meet",
        "CONF_INSTORE_V2_ENABLED": "Dual eligibility: secondary identifiers may repeat",
        "CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": "Lifecycle status in place of fraud status",
        "CI_MOBILE_AUTO_APPROVE": "Changes of mobiles take effect at once",
        "CI_EMAIL_AUTO_APPROVE": "Changes of e-mails take effect at once",
        "CI_EXTID_AUTO_APPROVE": "Changes of external ids take effect at once",
    },
    "API": {
        "BATCH_LIMIT": "Items per call",
        "RATE_LIMIT_PER_MINUTE": "Calls per minute of a till or client",
        "V1_MIRROR_HTTP_STATUS": "Body code 500 is HTTP 500 as well",
        "V1_EXACT_LIFETIME_PURCHASES": "Print lifetime purchases with decimals",
        "OPT_IN_TYPE": "What an unset consent means",
    },
    "Bills": {
        "CONF_CLIENT_IS_BILL_AMOUNT_ZERO": "Bills over nothing are accepted",
        "CONF_LOYALTY_MIN_BILL_AMOUNT": "Least amount of a bill",
        "CONF_LOYALTY_MAX_BILL_AMOUNT": "Largest amount of a bill",
        "CONF_LOYALTY_MIN_BILL_LINEITEM_AMOUNT": "Least amount of a line",
        "CONF_LOYALTY_MAX_BILL_LINEITEM_AMOUNT": "Largest amount of a line",
        "CONF_MIN_BILLING_DATE": "Earliest billing date",
        "MAX_FUTURE_BILLING_DAYS": "Days a bill may lie ahead",
        "CONF_LOYALTY_IS_BILL_NUMBER_UNIQUE": "Bill numbers are unique",
        "CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE": "… in their store only",
        "CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS": "… within so many days (0: for ever)",
        "STRICT_DUPLICATE_BILL": "The same bill again is an error",
        "CONF_ALLOW_NOT_EXISTING_BILL_RETURN": "Returns of unknown bills are accepted",
        "IS_RETURN_BILL_UNIQUE": "Return numbers are unique",
        "CONF_POINTS_RETURN_ENABLED": "Returns take points back",
    },
    "Redemption": {
        "CONF_POINTS_REDEMPTION_OTP_REQUIRED": "Redeeming needs a one-time code",
        "ALLOW_SKIP_VALIDATION": "A till may skip the code",
        "OTP_VALIDITY_MINUTES": "Minutes a code is good",
        "OTP_CHANNEL": "Channel of codes",
        "CONF_ALLOW_POINTS_REDEMPTION_REVERSAL": "Redemptions may be reversed",
        "CONF_COUPON_TRANSACTION_NUMBER_REQUIRED": "Redeeming a coupon needs a bill number",
    },
}
LABELS: Final = {name: label for group in GROUPS.values() for name, label in group.items()}


def policy_fields() -> dict[str, forms.Field]:
    """A form field for every flag, by its documented name. What is typed is checked by the organization file's own reader."""
    return {name: _field(name) for name in NAMES}


def shown_policies(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every flag as a form shows it: what is stored in `flags`, else the default."""
    return {name: _shown(flags.get(name, DEFAULTS[name]), DEFAULTS[name]) for name in NAMES}


def _shown(value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return bool(value)
    return "" if value is None else str(value)


def _field(name: str) -> forms.Field:
    default = DEFAULTS[name]
    shared: dict[str, Any] = {"label": LABELS[name], "help_text": name, "required": False}
    if isinstance(default, bool):
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **shared)
    if name in CHOICES:
        choices = [(word, word or "none") for word in CHOICES[name]]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **shared)
    if isinstance(default, int):
        return forms.CharField(widget=UnfoldAdminIntegerFieldWidget, **shared)
    hint = "YYYY-MM-DD" if isinstance(default, date) else "no limit" if default is None or isinstance(default, Decimal) else ""
    return forms.CharField(widget=UnfoldAdminTextInputWidget(attrs={"placeholder": hint}), **shared)
