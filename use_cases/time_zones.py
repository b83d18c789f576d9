"""What follows when an organization's time zone changes: another zone begins and ends its days at other moments."""

from zoneinfo import ZoneInfo

from engagement.points.ledger.zone_change import move_due_moments
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


def follow_time_zone(organization: Organization, *, before: str) -> None:
    """Make all stored moments that depend on the zone right, if it is another one than `before`.

    Call it in the transaction that changed the organization.
    """
    if organization.timezone != before:
        with organization_scope(organization):
            move_due_moments(organization, old=ZoneInfo(before))
