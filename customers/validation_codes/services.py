"""How does a customer confirm something by a code? It is issued, asked back, and used once (docs/protocol.md, tills' part 4.2).

Codes are guessed at most five times: a wrong one counts in the transaction of whoever asks, who therefore has to commit even
where the customer's wish is refused (`CountedRefusalError`).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from string import ascii_uppercase, digits
from typing import Final

from customers.identifiers.models import Identifier
from customers.profile.locks import lock_customer
from customers.validation_codes.models import ValidationCode
from loyalty_project.encryption import seal, unseal
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.policies import Policy

ALPHABET: Final = ascii_uppercase + digits
LENGTH: Final = 6
MOST_TRIES: Final = 5
Purpose = ValidationCode.Purpose
# What OTP_CHANNEL means, and what each way of telling a code needs.
_KINDS = {
    "SMS": (Identifier.Kind.MOBILE,),
    "EMAIL": (Identifier.Kind.EMAIL,),
    "BOTH": (Identifier.Kind.MOBILE, Identifier.Kind.EMAIL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A code that may be used from now on, until `expires_at`."""

    code: str
    expires_at: datetime
    is_new: bool


def channels_of(customer_id: int, *, policy: Policy) -> list[str]:
    """By which of the channels that the policy wants the customer can be reached: identifier kinds, mobile first."""
    wanted = _KINDS[policy.otp_channel]
    current = Identifier.objects.filter(customer_id=customer_id, kind__in=wanted, state=Identifier.State.CURRENT)
    known = set(current.values_list("kind", flat=True))
    return [str(kind) for kind in wanted if kind in known]


def issue_code(customer_id: int, *, purpose: Purpose, points: Decimal | None = None, by: Actor, now: datetime) -> IssuedCode:
    """Give the customer's code for this purpose: the one that lives already, with its expiry, or a new one.

    `points` is what it shall confirm at most (None: no limit); asked again for more, the living code confirms more. Call it in
    a transaction; it locks the customer. `validation_code_one_unused` stands under it.
    """
    lock_customer(customer_id)
    codes = ValidationCode.objects.filter(customer_id=customer_id, purpose=purpose)
    codes.filter(expires_at__lte=now).delete()
    living = codes.filter(used_at=None).first()
    code = unseal(living.sealed) if living and living.tries < MOST_TRIES else None
    if living is not None and code is not None:
        if living.points is not None and (points is None or points > living.points):
            living.points = points
            living.save(update_fields=["points"])
        return IssuedCode(code=code, expires_at=living.expires_at, is_new=False)
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
    told = Change(action="code issued", object_type="customer", object_id=customer_id, new={"purpose": str(purpose)})
    record_changes([told], by=by)
    return IssuedCode(code=code, expires_at=row.expires_at, is_new=True)


def present_code(
    given: str, *, customer_id: int, purpose: Purpose, points: Decimal | None = None, now: datetime
) -> ValidationCode | None:
    """The living code that `given` (in any case) is, if it confirms as many `points`; else None, and a wrong one has counted.

    Call it in a transaction that holds the customer's lock, and commit that although the answer is None.
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
    """Use the code up, in the transaction of what it confirmed."""
    code.used_at = now
    code.save(update_fields=["used_at"])


def was_used(given: str, *, customer_id: int, purpose: Purpose, now: datetime) -> bool:
    """Whether `given` is a code of the customer that was used, and whose life is not over yet."""
    used = ValidationCode.objects.filter(customer_id=customer_id, purpose=purpose, used_at__isnull=False, expires_at__gt=now)
    return any(_is_code(row, given) for row in used)


def _is_code(row: ValidationCode, given: str) -> bool:
    code = unseal(row.sealed)
    return code is not None and hmac.compare_digest(code.encode(), given.strip().upper().encode())
