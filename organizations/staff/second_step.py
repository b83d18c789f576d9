"""Second step of a log-in: a code of an authenticator app, and what a session knows of it.

The key of an app is stored as it is, because codes are computed from it. After a wrong code the library lets the next one wait,
twice as long each time.
"""

from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty_project.db.locks import lock
from organizations.staff.models import StaffMember

# What operators of the installation are called in STAFF_TWO_STEP_ROLES.
OPERATOR: Final = "operator"
# Key of a session: the log-in was confirmed by a code.
VERIFIED: Final = "second_step"
_PENDING: Final = "second_step_awaited"
_SECONDS: Final = 300
_MOST_WRONG: Final = 5


def app_of(member: StaffMember) -> TOTPDevice | None:
    """The app whose codes the log-in of this member asks for; None without two-step log-in. One query."""
    app: TOTPDevice | None = TOTPDevice.objects.filter(user=member, confirmed=True).first()
    return app


def needs_app(member: StaffMember) -> bool:
    """True if the installation demands two-step log-in of the member's role (STAFF_TWO_STEP_ROLES)."""
    return (OPERATOR if member.is_superuser else member.role) in settings.STAFF_TWO_STEP_ROLES


@transaction.atomic
def is_code_right(member: StaffMember, code: str) -> bool:
    """True for a code of the member's app that was not used before. A wrong one counts, and makes the next one wait."""
    app = lock(TOTPDevice.objects.filter(user=member, confirmed=True)).first()
    return app is not None and bool(app.verify_token(code))


def await_code(session: SessionBase, member: StaffMember, *, now: int) -> None:
    """Remember for five minutes that the password of this member was right. `now` is in seconds since 1970."""
    session[_PENDING] = {"member": member.pk, "at": now, "wrong": 0}


def awaited_member(session: SessionBase, *, now: int) -> StaffMember | None:
    """The member whose code the session waits for."""
    pending: dict[str, Any] | None = session.get(_PENDING)
    if pending is None or now - pending["at"] > _SECONDS:
        return None
    return StaffMember.objects.select_related("organization").filter(pk=pending["member"], is_active=True).first()


def count_wrong_code(session: SessionBase) -> None:
    """Count a wrong code: after five the log-in begins again with the password."""
    pending = session[_PENDING]
    pending["wrong"] += 1
    session[_PENDING] = pending
    if pending["wrong"] >= _MOST_WRONG:
        forget_code(session)


def forget_code(session: SessionBase) -> None:
    """Wait for no code any more."""
    session.pop(_PENDING, None)
