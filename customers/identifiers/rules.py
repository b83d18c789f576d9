"""Rules about identifiers: pure functions."""

from typing import Final

from customers.identifiers.models import Identifier
from organizations.policies import Policy

Kind = Identifier.Kind
# The settings that `is_exclusive` depends on.
UNIQUENESS_SETTINGS: Final = ("CONF_USERS_IS_EMAIL_UNIQUE", "CONF_INSTORE_V2_ENABLED", "CONF_REGISTRATION_PRIMARY_KEY")


def is_exclusive(kind: str, policy: Policy) -> bool:
    """True if a value of this kind belongs to one customer only, and so identifies them (docs/protocol.md 2.3)."""
    if kind == policy.primary:
        return True
    if policy.dual_eligibility:
        return False
    return kind != Kind.EMAIL or policy.email_unique


def exclusive_kinds(policy: Policy) -> frozenset[str]:
    """The kinds of identifiers whose values belong to one customer only."""
    return frozenset(kind.value for kind in Kind if is_exclusive(kind, policy))
