"""References to customers of other stores: in the address of the reduced card, so that ids cannot be tried out one by one."""

from dataclasses import dataclass
from typing import Final, Self

from django.core import signing

# Seconds for which a reference is good. It is made when a whole identifier is typed.
LIFETIME: Final = 1800
_SALT: Final = "customers.finding.reduced-card"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReference:
    """A customer of another store, and the kind of the identifier by which `actor` (`staff:NAME`) found the customer."""

    customer_id: int
    kind: str
    actor: str

    def signed(self) -> str:
        """The reference as part of an address."""
        return signing.dumps([self.customer_id, self.kind, self.actor], salt=_SALT)

    @classmethod
    def read(cls, signed: str, *, actor: str) -> Self | None:
        """The reference that was made for `actor`; None if it is another's, too old, or not one of ours."""
        try:
            customer_id, kind, owner = signing.loads(signed, salt=_SALT, max_age=LIFETIME)
        except signing.BadSignature:
            return None
        return cls(customer_id=customer_id, kind=kind, actor=owner) if owner == actor else None
