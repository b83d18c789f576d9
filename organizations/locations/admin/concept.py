"""Concepts: lines of business."""

from django.contrib import admin

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.locations.models import Concept
from organizations.locations.organization_file import CONCEPT


class ConceptForm(ConfigurationForm):
    """A concept."""

    section = CONCEPT


@admin.register(Concept)
class ConceptAdmin(BackOfficeAdmin):
    """Concepts."""

    form = ConceptForm
    fields = ("code", "name", "is_active")
    natural_key = ("code",)
    list_display = ("code", "name", "active")
    list_display_links = ("code", "name")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("code", "name")
