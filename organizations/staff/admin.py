"""Members of staff with their roles and stores, and the page that sets a password."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from organizations.back_office.current_user import actor_of, member_of
from organizations.back_office.filters import ChoiceFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import page_of, row_page
from organizations.back_office.secrets import SecretAdmin, SecretKind
from organizations.staff.models import StaffMember
from organizations.staff.organization_file import STAFF
from organizations.two_step.services import remove_app


class StaffForm(ConfigurationForm):
    """A member of staff of one organization. `manage.py createsuperuser` adds operators of the installation."""

    section = STAFF
    natural_key = ("username",)
    installation_wide = True
    # Set on the class that the admin makes for each request.
    is_own = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.is_own and {"role", "stores", "is_active"} & set(self.changed_data):
            raise forms.ValidationError(
                gettext("You cannot change your own role, stores or log-in. Ask another administrator.")
            )
        return cleaned

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        self.instance.is_staff = True
        if not self.instance.password:
            self.instance.set_unusable_password()
        return super().save(commit=commit)


def put_password(member: StaffMember, password: str) -> None:
    """Set the password of a member of staff, without saving."""
    member.set_password(password)


@admin.register(StaffMember)
class StaffMemberAdmin(SecretAdmin):
    """The staff of the organization."""

    form = StaffForm
    related = ("organization",)
    secret = SecretKind(
        word="password",
        columns=("password",),
        put=put_password,
        check=lambda member, typed: validate_password(typed, user=member),
    )
    fields = ("username", "first_name", "last_name", "email", "role", "stores", "is_active", "last_login")
    readonly_fields = ("last_login",)
    natural_key = ("username",)
    list_display = ("username", "first_name", "last_name", "role", "active", "last_login")
    list_filter = (("role", ChoiceFilter), ("is_active", YesNoFilter))
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    actions_detail: Sequence[str] = ("set_password", "reset_two_step")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Staff of the current user's organization. They are not tenant rows, because log-in precedes any scope."""
        rows = super().get_queryset(request).filter(is_superuser=False)
        member = member_of(request)
        return rows if member.is_superuser else rows.filter(organization=member.organization_id)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        form = super().get_form(request, obj, change=change, **kwargs)
        form.is_own = obj is not None and obj.pk == member_of(request).pk
        return form

    def formfield_for_manytomany(self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, **{"widget": UnfoldAdminCheckboxSelectMultipleWidget(), **kwargs}
        )

    @admin.action(description="Switch off", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Switch the selected log-ins off, except the current user's own."""
        if rows.filter(pk=member_of(request).pk).exists():
            messages.warning(request, gettext("Your own log-in stays on."))
        super().deactivate(request, rows.exclude(pk=member_of(request).pk))

    @row_page("Reset two-step log-in", address="reset-two-step", icon="phonelink_erase")
    def reset_two_step(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        """Remove the authenticator app of a member who has lost it; the current user's own is switched off on its own page."""
        if member.pk == member_of(request).pk:
            return HttpResponseRedirect(reverse("two_step"))
        if request.method == "POST":
            if remove_app(member, by=actor_of(request, self.organization_behind(member))):
                messages.success(
                    request, gettext("The next log-in of %(member)s asks for the password alone.") % {"member": member}
                )
            else:
                messages.info(request, gettext("%(member)s has no two-step log-in.") % {"member": member})
            return HttpResponseRedirect(page_of(member))
        return self.answer_page(
            request,
            "back_office/reset_two_step.html",
            title=gettext("Reset two-step log-in: %(member)s") % {"member": member},
            original=member,
            form=forms.Form(),
            submit=gettext("Reset"),
        )

    @row_page("Set password", address="new-password", icon="key")
    def set_password(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        """The page that sets the password; the current user's own is changed on the page that asks for the old one first."""
        if member.pk == member_of(request).pk:
            return HttpResponseRedirect(reverse("admin:password_change"))
        return self.answer_secret(request, member)
