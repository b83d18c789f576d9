"""Rules about identifiers: pure functions."""

from customers.identifiers.models import Identifier
from organizations.policies import Policy

Kind = Identifier.Kind


def is_exclusive(kind: str, policy: Policy) -> bool:
    """True if a value of this kind belongs to one customer only, and so identifies them (docs/protocol.md 2.3)."""
    if kind == policy.primary:
        return True
    if policy.dual_eligibility:
        return False
    return kind != Kind.EMAIL or policy.email_unique
