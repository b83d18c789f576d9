"""Issuing, checking and using one-time codes (docs/protocol.md, tills' part 4.2).

At most five wrong codes are accepted. A wrong one is counted in the caller's transaction, which has to commit even if the
customer's request is refused (`CountedRefusalError`).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from string import ascii_uppercase, digits
from typing import Final

from customers.profile.locks import lock_customer
from customers.validation_codes.models import ValidationCode
from loyalty_project.encryption import seal, unseal
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

ALPHABET: Final = ascii_uppercase + digits
LENGTH: Final = 6
MOST_TRIES: Final = 5
Purpose = ValidationCode.Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """An issued code, valid until `expires_at`."""

    code: str
    expires_at: datetime
    is_new: bool


def issue_code(customer_id: int, *, purpose: Purpose, points: Decimal | None = None, by: Actor, now: datetime) -> IssuedCode:
    """Issue a code to the customer for this purpose, or return the unexpired one with its expiry.

    `points` is the most that it confirms (None: no limit); a request for more raises the limit of an unexpired code. Call it in
    a transaction; it locks the customer. The constraint `validation_code_one_unused` backs it.
    """
    lock_customer(customer_id)
    codes = ValidationCode.objects.filter(customer_id=customer_id, purpose=purpose)
    codes.filter(expires_at__lte=now).delete()
    unexpired = codes.filter(used_at=None).first()
    code = unseal(unexpired.sealed) if unexpired and unexpired.tries < MOST_TRIES else None
    if unexpired is not None and code is not None:
        if unexpired.points is not None and (points is None or points > unexpired.points):
            unexpired.points = points
            unexpired.save(update_fields=["points"])
        return IssuedCode(code=code, expires_at=unexpired.expires_at, is_new=False)
    codes.filter(used_at=None).delete()
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = ValidationCode.objects.create(
        organization=by.organization,
        customer_id=customer_id,
        purpose=purpose,
        sealed=seal(code),
        points=points,
        issued_at=now,
        expires_at=now + timedelta(minutes=by.organization.policy.otp_minutes),
    )
    issued = Change(action="code issued", object_type="customer", object_id=customer_id, new={"purpose": str(purpose)})
    record_changes([issued], by=by)
    return IssuedCode(code=code, expires_at=row.expires_at, is_new=True)


def present_code(
    given: str, *, customer_id: int, purpose: Purpose, points: Decimal | None = None, now: datetime
) -> ValidationCode | None:
    """The unexpired code that equals `given`, in any case, and confirms that many `points`; otherwise None.

    Counts a wrong code. Call it in a transaction that holds the customer's lock, and commit that even if the result is None.
    """
    row = ValidationCode.objects.filter(
        customer_id=customer_id, purpose=purpose, used_at=None, expires_at__gt=now, tries__lt=MOST_TRIES
    ).first()
    if row is None:
        return None
    if not _is_code(row, given):
        row.tries += 1
        row.save(update_fields=["tries"])
        return None
    return row if row.points is None or points is None or points <= row.points else None


def use_code(code: ValidationCode, *, now: datetime) -> None:
    """Mark the code as used, in the transaction of what it confirms."""
    code.used_at = now
    code.save(update_fields=["used_at"])


def was_used(given: str, *, customer_id: int, purpose: Purpose, now: datetime) -> bool:
    """True if `given` is a code of the customer that was used and has not expired."""
    used = ValidationCode.objects.filter(customer_id=customer_id, purpose=purpose, used_at__isnull=False, expires_at__gt=now)
    return any(_is_code(row, given) for row in used)


def _is_code(row: ValidationCode, given: str) -> bool:
    code = unseal(row.sealed)
    return code is not None and hmac.compare_digest(code.encode(), read_code(given).upper().encode())
