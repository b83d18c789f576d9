"""Zones: regions of stores."""

from django.contrib import admin

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.locations.models import Zone
from organizations.locations.organization_file import ZONE


class ZoneForm(ConfigurationForm):
    """A zone."""

    section = ZONE


@admin.register(Zone)
class ZoneAdmin(BackOfficeAdmin):
    """Zones."""

    form = ZoneForm
    fields = ("code", "name", "is_active")
    natural_key = ("code",)
    list_display = ("code", "name", "active")
    list_display_links = ("code", "name")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("code", "name")
