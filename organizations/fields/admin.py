"""What does the organization ask of customers, tickets and transactions?"""

from django.contrib import admin
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.forms import ConfigurationForm, LinesField, NamedLinesField
from organizations.fields.models import FieldDefinition
from organizations.fields.organization_file import FIELD


class FieldForm(ConfigurationForm):
    """Options and labels are typed one a line."""

    section = FIELD
    words = {"is_active": "active", "is_mandatory": "mandatory", "is_searchable": "searchable"}
    natural_key = ("category", "name")

    options = LinesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="For the types with options: one a line, in their own case",
    )
    labels = NamedLinesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Translated labels, one a line: language code, colon, label",
    )


@admin.register(FieldDefinition)
class FieldDefinitionAdmin(BackOfficeAdmin):
    """Field definitions, all categories."""

    form = FieldForm
    fields = (
        "category", "name", "type", "options", "max_length", "labels", "is_mandatory", "is_searchable", "position", "is_active",
    )  # fmt: skip
    natural_key = ("category", "name")
    list_display = ("name", "category", "type", "mandatory", "searchable", "active")
    list_filter = (
        ("category", ChoicesDropdownFilter),
        ("type", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    )
    search_fields = ("name",)

    @display(description="Mandatory", boolean=True)
    def mandatory(self, field: FieldDefinition) -> bool:
        """Whether a customer must have a value."""
        return field.is_mandatory

    @display(description="Searchable", boolean=True)
    def searchable(self, field: FieldDefinition) -> bool:
        """Whether customers are searched by it."""
        return field.is_searchable
