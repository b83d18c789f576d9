"""Card series: the kinds of loyalty cards."""

from django.contrib import admin

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.card_series.models import CardSeries
from organizations.card_series.organization_file import CARD_SERIES


class CardSeriesForm(ConfigurationForm):
    """A card series."""

    section = CARD_SERIES
    words = {"is_active": "active", "generates": "generate"}


@admin.register(CardSeries)
class CardSeriesAdmin(BackOfficeAdmin):
    """Card series, with the format of their numbers."""

    form = CardSeriesForm
    fields = ("code", "name", "type", "generates", "prefix", "length", "is_active")
    natural_key = ("code",)
    list_display = ("code", "name", "type", "generates", "prefix", "length", "active")
    list_display_links = ("code", "name")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("code", "name")
