"""Fields that the organization defines for customers, tickets and transactions."""

from django.contrib import admin
from unfold.widgets import UnfoldAdminTextareaWidget

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import boolean_column
from organizations.back_office.filters import ChoiceFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm, LinesField, NamedLinesField
from organizations.fields.models import FieldDefinition
from organizations.fields.organization_file import FIELD


class FieldForm(ConfigurationForm):
    """A field definition; options and labels are typed one per line."""

    section = FIELD
    words = {"is_active": "active", "is_mandatory": "mandatory", "is_searchable": "searchable"}
    natural_key = ("category", "name")

    options = LinesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="For types with options: one per line, in upper or lower case as they are shown",
    )
    labels = NamedLinesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Translated labels, one per line: language code, colon, label",
    )


@admin.register(FieldDefinition)
class FieldDefinitionAdmin(BackOfficeAdmin):
    """Field definitions of all categories."""

    form = FieldForm
    fields = (
        "category", "name", "type", "options", "max_length", "labels", "is_mandatory", "is_searchable", "position", "is_active",
    )  # fmt: skip
    natural_key = ("category", "name")
    list_display = ("name", "category", "type", "mandatory", "searchable", "active")
    list_filter = (
        ("category", ChoiceFilter),
        ("type", ChoiceFilter),
        ("is_active", YesNoFilter),
    )
    search_fields = ("name",)

    mandatory = boolean_column("is_mandatory", "Mandatory")
    searchable = boolean_column("is_searchable", "Searchable")
