"""User groups and their members."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from customers.back_office import identifier_line
from customers.groups.models import GroupMembership, UserGroup
from customers.groups.organization_file import USER_GROUP
from customers.identifiers.models import Identifier
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import link_to, value_column
from organizations.back_office.counting import BoundedCount, count_label
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.tables import Table, badge, table

MEMBERS_SHOWN: Final = 100


class UserGroupForm(ConfigurationForm):
    """A user group."""

    section = USER_GROUP
    natural_key = ("external_id",)


@admin.register(UserGroup)
class UserGroupAdmin(BackOfficeAdmin):
    """User groups; imports add their members."""

    form = UserGroupForm
    fields = ("external_id", "name", "is_active")
    natural_key = ("external_id",)
    list_display = ("external_id", "name", "members", "active")
    list_display_links = ("external_id", "name")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("external_id", "name")
    change_form_outer_after_template = "back_office/table_below.html"

    members = value_column("member_count", "Members", count_label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Operators have no scope, and the index begins with the organization.
        members = GroupMembership.objects.filter(organization=OuterRef("organization"), group=OuterRef("pk"))
        groups: QuerySet[Any] = super().get_queryset(request).annotate(member_count=BoundedCount(members.unmerged()))
        return groups

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        group = context.get("original")
        if group is not None:
            current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
            identifiers = Prefetch("customer__identifiers", queryset=current)
            # PRIMARY first: it follows MEMBER in the alphabet.
            members = (
                group.memberships.unmerged().select_related("customer").prefetch_related(identifiers).order_by("-role", "pk")
            )
            context["table"] = _members_table(members[:MEMBERS_SHOWN], group.member_count)
        return super().render_change_form(request, context, *args, **kwargs)


def _members_table(members: Iterable[GroupMembership], count: int) -> Table:
    rows = [
        (
            link_to(member.customer),
            badge(member.get_role_display(), "good" if member.role == GroupMembership.Role.PRIMARY else ""),
            identifier_line(member.customer),
        )
        for member in members
    ]
    return table(
        "Members",
        ("Customer", "Role", "Identifiers"),
        rows,
        note=count_label(count),
        empty="No members yet.",
        footer=gettext("Only the first %(members_shown)s are shown.") % {"members_shown": MEMBERS_SHOWN}
        if count > MEMBERS_SHOWN
        else "",
    )
