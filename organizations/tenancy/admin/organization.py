"""The organization and its policies."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import member_of, work_for
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import row_page, sent_values
from organizations.fields.models import FieldDefinition
from organizations.fields.organization_file import CUSTOMER_CATEGORIES
from organizations.organization_file.problems import Problems
from organizations.policies import NAMES
from organizations.tenancy.admin.policy_changes import changed_policies, consequences
from organizations.tenancy.admin.policy_form import GROUPS, policy_fields, shown_policies
from organizations.tenancy.admin.verification_form import NAMES as VERIFICATION_NAMES
from organizations.tenancy.admin.verification_form import TITLE as VERIFICATION_TITLE
from organizations.tenancy.admin.verification_form import (
    describe_verification,
    offer_fields,
    read_verification,
    shown_verification,
    verification_fields,
)
from organizations.tenancy.models import Organization
from organizations.tenancy.organization_file import ORGANIZATION, Settings
from use_cases.organization_file import dump_organization
from use_cases.time_zones import follow_time_zone
from use_cases.uniqueness import changes_uniqueness, find_obstacle, follow_settings, hold_settings


class OrganizationForm(ConfigurationForm):
    """The organization's columns, one field for every policy flag, and the verification of identifier changes."""

    section = ORGANIZATION
    installation_wide = True
    # The stored settings, if the form changes them.
    settings_before: Mapping[str, Any] | None = None

    timezone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name) for name in sorted(available_timezones())],
        initial="UTC",
        widget=UnfoldAdminSelect2Widget,
        help_text="Decides when a day begins and ends",
    )
    gender_field = forms.ChoiceField(
        required=False, widget=UnfoldAdminSelectWidget, help_text="The custom or extended field that holds the gender"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        forms.ModelForm.__init__(self, *args, **kwargs)
        if self.instance.pk is None:
            # A new organization starts with the defaults; policies are chosen afterwards.
            for name in (*NAMES, *VERIFICATION_NAMES, "gender_field"):
                del self.fields[name]
            return
        self.initial.update(shown_policies(self.instance.flags))
        if VERIFICATION_NAMES[0] in self.fields:
            self.initial.update(shown_verification(self.instance.identity_verification))
            offer_fields(self.fields, self.instance.identity_verification, self._field_names())
        if "gender_field" in self.fields:
            stored = [self.instance.gender_field] if self.instance.gender_field else []
            choices = dict.fromkeys([*self._field_names(), *stored])
            field: Any = self.fields["gender_field"]
            field.choices = [("", "none"), *((name, name) for name in choices)]

    def _field_names(self) -> list[str]:
        fields = FieldDefinition.objects.filter(organization=self.instance, category__in=CUSTOMER_CATEGORIES, is_active=True)
        return list(fields.values_list("name", flat=True))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {name: self._given(name, cleaned) for name in NAMES if name in cleaned}
        problems = Problems()
        flags = Settings().read(given, "", problems)
        for problem in problems:
            self._add_problem(problem.path, problem.message)
        if not problems and given:
            # Held until the page has saved.
            self.settings_before = hold_settings(self.instance.code) or {}
            obstacle = find_obstacle(self.instance, before=self.settings_before, after=flags)
            if obstacle is not None:
                self._add_problem(obstacle.path, obstacle.message)
            self.instance.flags = flags
        if VERIFICATION_NAMES[0] in self.fields:
            self._read_verification(cleaned)
        return cleaned

    def _read_verification(self, cleaned: dict[str, Any]) -> None:
        problems = Problems()
        section = read_verification(cleaned, problems)
        for problem in problems:
            self._add_problem(problem.path, problem.message)
        if not problems:
            self.instance.identity_verification = section

    @staticmethod
    def _given(name: str, cleaned: dict[str, Any]) -> Any:
        """The typed value; blank means the default, unless blank is a value of its own (text, and no limit)."""
        value = cleaned[name]
        return None if value == "" else value


# Declared like other form fields, so that the admin can lay them out.
PoliciesForm = type("PoliciesForm", (OrganizationForm,), {**policy_fields(), **verification_fields()})


@admin.register(Organization)
class OrganizationAdmin(BackOfficeAdmin):
    """Organizations. Operators see and add all; an administrator changes their own."""

    form = PoliciesForm
    natural_key = ("code",)
    list_display = ("code", "name", "timezone", "currency", "base_country")
    list_display_links = ("code", "name")
    search_fields = ("code", "name")
    actions = ()
    readonly_fields = ("waiting", "policies", "verification")
    actions_detail = ("yaml",)

    @row_page("As YAML", address="yaml", icon="code", permission="view")
    def yaml(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        """The organization file, without secrets."""
        return self.answer_page(
            request,
            "back_office/yaml.html",
            title=f"As YAML: {organization}",
            original=organization,
            text=dump_organization(organization),
            intro="The organization file as it is now. Secrets are not in it; loading it changes nothing.",
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form. Changes of policies and of the time zone are shown once more before they are saved."""
        if request.method == "POST" and object_id is not None and "confirmed" not in request.POST:
            row = self.get_object(request, unquote(object_id))
            if row is not None and self.has_change_permission(request, row):
                with work_for(request, row):
                    page = self._ask_first(request, row)
                if page is not None:
                    return page
        return super().changeform_view(request, object_id, form_url, extra_context)

    @transaction.atomic
    def _ask_first(self, request: HttpRequest, row: Organization) -> HttpResponse | None:
        """The page that says what the sent form does; None if it is wrong, or changes neither policies nor the time zone."""
        before, zone = dict(row.flags), row.timezone
        form = self.get_form(request, row, change=True)(request.POST, instance=row)
        if not form.is_valid():
            return None
        policies = changed_policies(before, row.flags)
        if not policies and row.timezone == zone:
            return None
        return self.answer_page(
            request,
            "back_office/confirm_policies.html",
            title=f"What will change: {row.name}",
            original=row,
            policies=policies,
            zones=(zone, row.timezone) if row.timezone != zone else (),
            sentences=consequences(
                is_uniqueness_changed=changes_uniqueness(before, row.flags), is_zone_changed=row.timezone != zone
            ),
            values=sent_values(request),
            submit="Save",
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, ArrayField):
            kwargs["widget"] = UnfoldAdminTextInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        about = ("code", "name", "timezone", "currency", "base_country", "countries", "language")
        if obj is None:
            return [(None, {"fields": about})]
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": (*about, "gender_field", "waiting", "verification", "policies")})]
        return [
            ("Organization", {"fields": (*about, "gender_field", "waiting"), "classes": ["tab"]}),
            *((title, {"fields": tuple(group), "classes": ["tab"]}) for title, group in GROUPS.items()),
            (VERIFICATION_TITLE, {"fields": VERIFICATION_NAMES, "classes": ["tab"]}),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All organizations for operators, else the current user's. Organizations are not tenant rows, so this filters them."""
        rows = super().get_queryset(request)
        member = member_of(request)
        return rows if member.is_superuser else rows.filter(pk=member.organization_id)

    def organization_behind(self, row: Any) -> Organization:
        organization: Organization = row
        return organization

    def organization_for(self, request: HttpRequest, object_id: str | None) -> Organization | None:
        """The organization itself; None for a new one."""
        return None if object_id is None else super().organization_for(request, object_id)

    def answer_choice(self, request: HttpRequest) -> Any:
        """The form of a new organization, which belongs to no other."""
        return super(BackOfficeAdmin, self).changeform_view(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Save, and make what depends on the settings and on the time zone right."""
        zone = Organization.objects.values_list("timezone", flat=True).get(pk=obj.pk) if change else obj.timezone
        super().save_model(request, obj, form, change)
        if form.settings_before is not None:
            follow_settings(obj, before=form.settings_before)
        follow_time_zone(obj, before=zone)

    @display(description="Stored, not used yet")
    def waiting(self, organization: Organization) -> str:
        """Sections of the organization file that are stored but not used yet."""
        return ", ".join(section.replace("_", " ") for section in organization.stored_sections) or "nothing"

    @display(description="To change an identifier")
    def verification(self, organization: Organization) -> str:
        """What a caller must know to change an identifier, read-only."""
        return describe_verification(organization.identity_verification)

    @display(description="Policies")
    def policies(self, organization: Organization) -> SafeString:
        """All policies, read-only."""
        shown = shown_policies(organization.flags)
        groups = [(title, [(label, name, shown[name]) for name, label in group.items()]) for title, group in GROUPS.items()]
        return render_to_string("back_office/_policies.html", {"groups": groups})
