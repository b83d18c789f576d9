"""Generated external ids (docs/protocol.md 2.3)."""

from customers.identifiers.models import Identifier
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.card_series.counters import next_number
from organizations.policies import Policy
from organizations.tenancy.models import Organization

# Numbers that are skipped in a row because they are taken: they came by hand or by import.
_TRIES = 100


def next_external_id(organization: Organization, policy: Policy) -> str:
    """A free external id in the organization's form. Raises `LoyaltyError` 1038 if there is none left."""
    for _ in range(_TRIES):
        digits = str(policy.number_offset + next_number(organization, "external_id"))
        digits_left = (
            policy.number_length - len(policy.number_prefix) - len(policy.number_suffix) - bool(policy.number_checksum)
        )
        if len(digits) > digits_left:
            break
        number = digits.zfill(digits_left)
        check = luhn_digit(number) if policy.number_checksum else ""
        value = f"{policy.number_prefix}{number}{check}{policy.number_suffix}"
        if not Identifier.objects.filter(kind=Identifier.Kind.EXTERNAL_ID, value=value, exclusive=True).exists():
            return value
    raise LoyaltyError(Code.EXTERNAL_ID_FAILED)


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` and itself pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
