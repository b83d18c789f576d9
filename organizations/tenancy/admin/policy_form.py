"""Form fields of the policy flags: grouped, in plain words, followed by the documented name.

docs/protocol.md 2.3 describes each flag; a test checks that this table is complete.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
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
        "EXTERNAL_ID_PATTERN": "Format of external ids (regular expression of RE2)",
        "SOFT_SECONDARY_VALIDATION": "Leave out invalid secondary identifiers, with a warning",
        "CONF_MIN_REGISTRATION_DATE": "Earliest registration date",
        "MAX_FUTURE_REGISTRATION_DAYS": "Days that a registration date may be in the future",
        "STRICT_TILL": "Refuse items from an unknown till",
        "REJECT_EXISTING_ON_ADD": "Refuse to add a known customer",
        "CONF_CLIENT_V2_API_ENABLED": "Keep sources other than INSTORE",
        "MOBILE_VALIDATION_LENIENT": "Accept a mobile by its length alone",
        "CONF_CLIENT_DEFAULT_COUNTRYCODE_PASSED": "Detect the country of a mobile (without effect: it always is)",
        "TEST_CONTROL_RATIO": "Percent of new customers in the control group",
        "CONF_LOYALTY_REGISTER_CUSTOMER_GENDER": "Field with the gender",
        "CONF_LOYALTY_REGISTER_CUSTOMER_AGE": "Field with the age",
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
        "CONF_PRIMARY_IDENTIFIER_STRICT_CHECK": "Refuse a secondary identifier of another customer",
        "CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": "Leave out a secondary identifier of another customer",
        "AUTO_MERGE_ON_IDENTIFIER_COLLISION": "Merge customers with the same identifiers automatically",
        "CONF_INSTORE_V2_ENABLED": "Several customers may share a secondary identifier",
        "CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": "Use the lifecycle status instead of the fraud status",
        "CI_MOBILE_AUTO_APPROVE": "Approve mobile changes automatically",
        "CI_EMAIL_AUTO_APPROVE": "Approve e-mail changes automatically",
        "CI_EXTID_AUTO_APPROVE": "Approve external id changes automatically",
    },
    "API": {
        "BATCH_LIMIT": "Items per call",
        "RATE_LIMIT_PER_MINUTE": "Calls per minute and till or client",
        "V1_MIRROR_HTTP_STATUS": "Answer HTTP 500 if all items fail",
        "V1_EXACT_LIFETIME_PURCHASES": "Print lifetime purchases with decimals",
        "OPT_IN_TYPE": "What an unset consent means",
    },
    "Bills": {
        "CONF_CLIENT_IS_BILL_AMOUNT_ZERO": "Accept bills of amount zero",
        "CONF_LOYALTY_MIN_BILL_AMOUNT": "Smallest amount of a bill",
        "CONF_LOYALTY_MAX_BILL_AMOUNT": "Largest amount of a bill",
        "CONF_LOYALTY_MIN_BILL_LINEITEM_AMOUNT": "Smallest amount of a line",
        "CONF_LOYALTY_MAX_BILL_LINEITEM_AMOUNT": "Largest amount of a line",
        "CONF_MIN_BILLING_DATE": "Earliest billing date",
        "MAX_FUTURE_BILLING_DAYS": "Days that a bill date may be in the future",
        "CONF_LOYALTY_IS_BILL_NUMBER_UNIQUE": "Bill numbers are unique",
        "CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE": "Bill numbers are unique within the store only",
        "CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS": "Days within which bill numbers are unique (0: always)",
        "STRICT_DUPLICATE_BILL": "Refuse a bill that was already recorded",
        "CONF_ALLOW_NOT_EXISTING_BILL_RETURN": "Accept returns of unknown bills",
        "IS_RETURN_BILL_UNIQUE": "Return numbers are unique",
        "CONF_POINTS_RETURN_ENABLED": "Returns take back points",
    },
    "Redemption": {
        "CONF_POINTS_REDEMPTION_OTP_REQUIRED": "Redemption requires a one-time code",
        "ALLOW_SKIP_VALIDATION": "A till may skip the code",
        "OTP_VALIDITY_MINUTES": "Minutes that a code is valid",
        "OTP_CHANNEL": "Channel for codes",
        "CONF_ALLOW_POINTS_REDEMPTION_REVERSAL": "Redemptions may be reversed",
        "CONF_COUPON_TRANSACTION_NUMBER_REQUIRED": "Coupon redemption requires a bill number",
    },
    "Customers of other stores": {
        "CUSTOMERS_OF_OTHER_STORES": (
            "What staff of a store see of another store's customer whose whole mobile, e-mail, external id or card number they"
            " know: name, points, tier and status (MINIMAL), identifiers and store as well (CONTACT), or NOTHING"
        ),
    },
    "Adjusting points": {
        "ADJUSTMENT_LIMIT_STORE_STAFF": "Most points that store staff adjust alone (0: they do not adjust points)",
        "ADJUSTMENT_LIMIT_STORE_MANAGER": "Most points that a store manager adjusts alone (0: not at all)",
        "ADJUSTMENT_LIMIT_CARE_AGENT": "Most points that a customer care agent adjusts alone (0: not at all)",
        "ADJUSTMENT_LIMIT_ORG_ADMIN": "Most points that an administrator adjusts alone (99999999: no limit)",
        "GOODWILL_REASONS": "Reasons of goodwill, separated by semicolons or lines; “Another reason” is always offered last",
    },
}
# Flags that are several texts.
LISTS: Final = frozenset({"GOODWILL_REASONS"})
LABELS: Final = {name: label for group in GROUPS.values() for name, label in group.items()}


def policy_fields() -> dict[str, forms.Field]:
    """A form field for every flag, by its documented name. The reader of the organization file checks the typed values."""
    return {name: _field(name) for name in NAMES}


def shown_policies(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every flag as a form shows it: the stored value, else the default."""
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
    if name in LISTS:
        return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}), **shared)
    hint = "YYYY-MM-DD" if isinstance(default, date) else "no limit" if default is None or isinstance(default, Decimal) else ""
    return forms.CharField(widget=UnfoldAdminTextInputWidget(attrs={"placeholder": hint}), **shared)
