"""Save and remove the views that a member of staff has of a list."""

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from loyalty_project.db.locks import lock
from organizations.saved_views.models import SavedView
from organizations.staff.models import StaffMember

MOST_VIEWS: Final = 12


class TooManyViewsError(Exception):
    """The member has as many views of the list as there may be. Nothing was saved."""


def views_of(member: StaffMember, list_name: str) -> list[SavedView]:
    """The member's views of a list (`app.model`), by name: one query. Operators have none."""
    if member.organization_id is None:
        return []
    return list(SavedView.objects.filter(member=member, list_name=list_name))


@transaction.atomic
def save_view(member: StaffMember, *, list_name: str, name: str, query: Mapping[str, str]) -> SavedView:
    """Save a view of a member of an organization; one of the same name is replaced. Raises `TooManyViewsError`.

    Locks the member, so that views saved at the same moment are counted.
    """
    assert member.organization_id is not None  # noqa: S101 - operators have no views
    lock(StaffMember.objects.filter(pk=member.pk)).get()
    views = {view.name: view for view in views_of(member, list_name)}
    if name not in views and len(views) >= MOST_VIEWS:
        raise TooManyViewsError
    view = views.get(name) or SavedView(
        organization_id=member.organization_id, member=member, list_name=list_name, name=name
    )  # fmt: skip
    view.query = dict(query)
    view.save()
    return view


def remove_view(member: StaffMember, *, list_name: str, view_id: int) -> bool:
    """Remove a view of the member; False if the member has no such view of the list."""
    removed, _ = SavedView.objects.filter(pk=view_id, member=member, list_name=list_name).delete()
    return bool(removed)
