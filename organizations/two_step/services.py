"""Authenticator apps of staff: adding one, and removing it."""

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty_project.db.locks import lock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.staff.models import StaffMember
from organizations.staff.second_step import app_of


@transaction.atomic
def begin_adding(member: StaffMember) -> TOTPDevice:
    """The app that the member is adding, which has no effect before `confirm_app`: the one begun last, or a new one.

    Locks the member, as all functions here do: two pages that are opened at once show the same key.
    """
    _lock_member(member)
    begun: TOTPDevice | None = TOTPDevice.objects.filter(user=member, confirmed=False).first()
    return begun or TOTPDevice.objects.create(user=member, confirmed=False, name="app")


@transaction.atomic
def confirm_app(member: StaffMember, code: str, *, by: Actor | None) -> bool:
    """Make the app that is being added the member's only one, if the code is right: whether it was.

    Without an actor, for an operator of the installation, no audit is written.
    """
    _lock_member(member)
    begun = lock(TOTPDevice.objects.filter(user=member, confirmed=False)).first()
    if begun is None or not begun.verify_token(code):
        return False
    TOTPDevice.objects.filter(user=member).exclude(pk=begun.pk).delete()
    begun.confirmed = True
    begun.save(update_fields=["confirmed"])
    _record("two-step log-in switched on", member, by)
    return True


@transaction.atomic
def remove_app(member: StaffMember, *, by: Actor | None) -> bool:
    """Remove the member's app, confirmed or not: whether there was a confirmed one. Audit as for `confirm_app`."""
    _lock_member(member)
    had_app = app_of(member) is not None
    TOTPDevice.objects.filter(user=member).delete()
    if had_app:
        _record("two-step log-in switched off", member, by)
    return had_app


def _lock_member(member: StaffMember) -> None:
    lock(StaffMember.objects.filter(pk=member.pk)).get()


def _record(action: str, member: StaffMember, by: Actor | None) -> None:
    if by is not None:
        record_changes([Change(action=action, object_type="staffmember", object_id=member.pk)], by=by)
