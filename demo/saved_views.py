"""Views of lists that the demo's staff saved for themselves."""

from typing import Final

from organizations.saved_views.services import save_view
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

# Member, list, name and filters.
_VIEWS: Final = (
    ("maya", "customers.customer", "Members of this month", {"type__exact": "LOYALTY", "joined": "month"}),
    ("owen", "engagement.bill", "Returns of the week", {"type__exact": "RETURN", "billed": "week"}),
)


def save_demo_views(organization: Organization) -> None:
    """Save the views."""
    members = {member.username: member for member in StaffMember.objects.filter(organization=organization)}
    for username, list_name, name, query in _VIEWS:
        save_view(members[username], list_name=list_name, name=name, query=query)
