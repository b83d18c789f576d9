"""Policies of an organization: every flag by its documented name, with its type and default.

docs/protocol.md 2.3 describes each flag. The organization stores the flags that were set. `Policy` has all of them as typed
values; code reads flags in this form alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from loyalty_project.patterns import LENGTH, check_pattern
from loyalty_project.protocol.numbers import read_plain
from loyalty_project.protocol.plain_text import one_line, visible

PrimaryKey = Literal["mobile", "email", "external_id"]
FlagValue = bool | int | str | Decimal | date | None

# Documented under two spellings; the first is ours.
ALIASES = {"CONFIG_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": "CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH"}

REASON_SEPARATOR: Final = "; "
_USUAL_REASONS: Final = REASON_SEPARATOR.join(
    (
        "Points missing from a bill",
        "Faulty or wrong goods",
        "Late or missing delivery",
        "Wrong price",
        "Unfriendly or slow service",
        "Thank-you",
        "Correction of a mistake",
    )
)
_MOST_REASONS: Final = 20
_LONGEST_REASON: Final = 100


def _switch(value: object) -> bool:
    text = str(value).strip().lower()
    if text in {"1", "true"}:
        return True
    if text in {"0", "false"}:
        return False
    raise ValueError("must be 0 or 1")


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,9}", str(value)):
            raise ValueError("must be a whole number")
        number = int(str(value))
        if not low <= number <= high:
            raise ValueError(f"must be from {low} to {high}")
        return number

    return read


class _Choice:
    """Reader of one of some words, ignoring case."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __call__(self, value: object) -> str:
        folded = {choice.lower(): choice for choice in self.choices}
        if str(value).strip().lower() not in folded:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return folded[str(value).strip().lower()]


def _day(value: object) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("must be a date, YYYY-MM-DD") from None


def _text(limit: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str | int) or isinstance(value, bool) or len(str(value)) > limit:
            raise ValueError(f"must be text of at most {limit} characters")
        return str(value)

    return read


def _pattern(value: object) -> str:
    pattern = _text(LENGTH)(value)
    check_pattern(pattern)
    return pattern


def _reasons(value: object) -> str:
    """Reasons that staff choose from, as typed: separated by semicolons or lines. They are stored with semicolons."""
    texts = re.split(r"[;\n]", value) if isinstance(value, str) else []
    reasons = list(dict.fromkeys(filter(None, (one_line(visible(text)) for text in texts))))
    if not reasons:
        raise ValueError("must be reasons, separated by semicolons")
    if len(reasons) > _MOST_REASONS or max(map(len, reasons)) > _LONGEST_REASON:
        raise ValueError(f"must be at most {_MOST_REASONS} reasons of at most {_LONGEST_REASON} characters")
    return REASON_SEPARATOR.join(reasons)


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    amount = read_plain(str(value), with_exponent=True)
    if amount is None or amount < 0:
        raise ValueError("must be an amount, or null for no limit")
    return amount


def flag(name: str, default: FlagValue, read: Callable[[object], FlagValue] = _switch) -> Any:
    """A field of `Policy`: the documented name, the default, and the function that reads and checks a value."""
    return field(default=default, metadata={"name": name, "read": read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every flag of one organization as a typed value (docs/protocol.md 2.3)."""

    # registration
    primary: PrimaryKey = flag("CONF_REGISTRATION_PRIMARY_KEY", "mobile", _Choice("mobile", "email", "external_id"))
    primary_required: bool = flag("CONF_REGISTRATION_PRIMARY_KEY_REQUIRED", False)
    any_identifier: bool = flag("CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS", True)
    mobile_required: bool = flag("CONF_USERS_IS_MOBILE_REQUIRED", False)
    email_required: bool = flag("CONF_USERS_IS_EMAIL_REQUIRED", False)
    external_id_required: bool = flag("CONF_USERS_IS_EXTERNAL_ID_REQUIRED", False)
    email_unique: bool = flag("CONF_USERS_IS_EMAIL_UNIQUE", True)
    uses_external_id: bool = flag("CONF_USERS_USE_EXTERNAL_ID", True)
    external_id_pattern: str = flag("EXTERNAL_ID_PATTERN", "", _pattern)
    soft_secondary_validation: bool = flag("SOFT_SECONDARY_VALIDATION", False)
    min_registration_date: date = flag("CONF_MIN_REGISTRATION_DATE", date(1990, 1, 1), _day)
    max_future_registration_days: int = flag("MAX_FUTURE_REGISTRATION_DAYS", 1, _whole(0, 36_500))
    strict_till: bool = flag("STRICT_TILL", False)
    reject_existing_on_add: bool = flag("REJECT_EXISTING_ON_ADD", False)
    other_sources: bool = flag("CONF_CLIENT_V2_API_ENABLED", False)
    lenient_mobiles: bool = flag("MOBILE_VALIDATION_LENIENT", False)
    detect_country: bool = flag("CONF_CLIENT_DEFAULT_COUNTRYCODE_PASSED", False)
    test_control_ratio: int = flag("TEST_CONTROL_RATIO", 0, _whole(0, 100))
    gender_field: str = flag("CONF_LOYALTY_REGISTER_CUSTOMER_GENDER", "", _text(100))
    age_field: str = flag("CONF_LOYALTY_REGISTER_CUSTOMER_AGE", "", _text(100))
    # generated external ids
    generates_numbers: bool = flag("CONF_CARD_NUMBER_GENERATION_ENABLED", False)
    number_as_external_id: bool = flag("CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED", False)
    number_length: int = flag("CONF_CARD_NUMBER_LENGTH", 12, _whole(1, 50))
    number_prefix: str = flag("CONF_CARD_NUMBER_PREFIX", "", _text(20))
    number_suffix: str = flag("CONF_CARD_NUMBER_SUFFIX", "", _text(20))
    number_offset: int = flag("CONF_CARD_NUMBER_OFFSET", 0, _whole(0, 999_999_999))
    number_checksum: str = flag("CONF_CARD_CHECKSUM_DIGIT_ALGO", "", _Choice("", "LUHN"))
    source_account_external_ids: bool = flag("SOURCE_ACCOUNTS_EXTERNALID_ENABLED", False)
    # changing and merging
    mobile_update: bool = flag("CONF_ALLOW_MOBILE_UPDATE", False)
    email_update: bool = flag("CONF_ALLOW_EMAIL_UPDATE", False)
    external_id_update: bool = flag("CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE", False)
    strict_primary: bool = flag("CONF_PRIMARY_IDENTIFIER_STRICT_CHECK", False)
    skip_secondary: bool = flag("CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH", False)
    auto_merge: bool = flag("AUTO_MERGE_ON_IDENTIFIER_COLLISION", True)
    dual_eligibility: bool = flag("CONF_INSTORE_V2_ENABLED", False)
    lifecycle_status: bool = flag("CONF_CUSTOMER_DEFAULT_STATUS_ENABLED", False)
    mobile_auto_approve: bool = flag("CI_MOBILE_AUTO_APPROVE", False)
    email_auto_approve: bool = flag("CI_EMAIL_AUTO_APPROVE", False)
    external_id_auto_approve: bool = flag("CI_EXTID_AUTO_APPROVE", False)
    # the wire
    batch_limit: int = flag("BATCH_LIMIT", 100, _whole(1, 10_000))
    mirror_http_status: bool = flag("V1_MIRROR_HTTP_STATUS", False)
    exact_lifetime_purchases: bool = flag("V1_EXACT_LIFETIME_PURCHASES", False)
    rate_limit: int = flag("RATE_LIMIT_PER_MINUTE", 6000, _whole(1, 10_000_000))
    opt_in_type: str = flag("OPT_IN_TYPE", "SINGLE", _Choice("SINGLE", "RESTRICTED_SINGLE", "DOUBLE"))
    # bills
    zero_bill: bool = flag("CONF_CLIENT_IS_BILL_AMOUNT_ZERO", True)
    min_bill_amount: Decimal | None = flag("CONF_LOYALTY_MIN_BILL_AMOUNT", None, _amount)
    max_bill_amount: Decimal | None = flag("CONF_LOYALTY_MAX_BILL_AMOUNT", None, _amount)
    min_line_amount: Decimal | None = flag("CONF_LOYALTY_MIN_BILL_LINEITEM_AMOUNT", None, _amount)
    max_line_amount: Decimal | None = flag("CONF_LOYALTY_MAX_BILL_LINEITEM_AMOUNT", None, _amount)
    min_billing_date: date = flag("CONF_MIN_BILLING_DATE", date(1990, 1, 1), _day)
    max_future_billing_days: int = flag("MAX_FUTURE_BILLING_DAYS", 1, _whole(0, 36_500))
    bill_number_unique: bool = flag("CONF_LOYALTY_IS_BILL_NUMBER_UNIQUE", False)
    bill_number_unique_in_store: bool = flag("CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE", False)
    bill_number_unique_days: int = flag("CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS", 0, _whole(0, 36_500))
    strict_duplicate_bill: bool = flag("STRICT_DUPLICATE_BILL", False)
    unknown_bill_return: bool = flag("CONF_ALLOW_NOT_EXISTING_BILL_RETURN", False)
    return_number_unique: bool = flag("IS_RETURN_BILL_UNIQUE", False)
    points_return: bool = flag("CONF_POINTS_RETURN_ENABLED", True)
    # redemption
    redemption_otp: bool = flag("CONF_POINTS_REDEMPTION_OTP_REQUIRED", False)
    skip_validation: bool = flag("ALLOW_SKIP_VALIDATION", True)
    otp_minutes: int = flag("OTP_VALIDITY_MINUTES", 10, _whole(1, 1440))
    otp_channel: str = flag("OTP_CHANNEL", "SMS", _Choice("SMS", "EMAIL", "BOTH"))
    redemption_reversal: bool = flag("CONF_ALLOW_POINTS_REDEMPTION_REVERSAL", True)
    coupon_needs_bill: bool = flag("CONF_COUPON_TRANSACTION_NUMBER_REQUIRED", False)
    # finding: what staff limited to stores see of a customer of another store whose whole identifier they have
    other_stores_card: str = flag("CUSTOMERS_OF_OTHER_STORES", "MINIMAL", _Choice("MINIMAL", "CONTACT", "NOTHING"))
    # adjustments of points by staff: the most that a role adjusts alone
    adjustment_limit_of_store_staff: int = flag("ADJUSTMENT_LIMIT_STORE_STAFF", 0, _whole(0, 99_999_999))
    adjustment_limit_of_store_managers: int = flag("ADJUSTMENT_LIMIT_STORE_MANAGER", 1000, _whole(0, 99_999_999))
    adjustment_limit_of_care_agents: int = flag("ADJUSTMENT_LIMIT_CARE_AGENT", 1000, _whole(0, 99_999_999))
    adjustment_limit_of_administrators: int = flag("ADJUSTMENT_LIMIT_ORG_ADMIN", 99_999_999, _whole(0, 99_999_999))
    goodwill_reasons: str = flag("GOODWILL_REASONS", _USUAL_REASONS, _reasons)

    @classmethod
    def from_flags(cls, flags: Mapping[str, object]) -> "Policy":
        """The policy of stored flags (checked, by documented name); the rest are defaults."""
        values: dict[str, Any] = {_ATTRIBUTES[name]: _READERS[name](value) for name, value in flags.items()}
        return cls(**values)

    @property
    def generates_external_ids(self) -> bool:
        """True if a registration's external id is a generated card number, whatever was sent."""
        return self.generates_numbers and self.number_as_external_id


_ATTRIBUTES: dict[str, str] = {attribute.metadata["name"]: attribute.name for attribute in fields(Policy)}
_READERS: dict[str, Callable[[object], FlagValue]] = {
    attribute.metadata["name"]: attribute.metadata["read"] for attribute in fields(Policy)
}
DEFAULTS: dict[str, FlagValue] = {
    attribute.metadata["name"]: attribute.default for attribute in fields(Policy) if attribute.default is not MISSING
}
NAMES: tuple[str, ...] = tuple(_ATTRIBUTES)
# The words of flags that are one of some words.
CHOICES: dict[str, tuple[str, ...]] = {name: read.choices for name, read in _READERS.items() if isinstance(read, _Choice)}


def read_flag(name: str, value: object) -> tuple[str, bool | int | str | None]:
    """The flag's own name (aliases resolved) and the value as it is stored: 0 or 1, a number, or text.

    Raises `KeyError` for an unknown name and `ValueError`, with a sentence, for a value of the wrong type.
    """
    own = ALIASES.get(name, name)
    value = _READERS[own](value)
    if isinstance(value, bool):
        return own, int(value)
    return own, value if isinstance(value, int) or value is None else str(value)
