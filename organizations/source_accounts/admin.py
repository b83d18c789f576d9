"""Accounts of the organization at other sources."""

from django.contrib import admin

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.source_accounts.models import SourceAccount
from organizations.source_accounts.organization_file import SOURCE_ACCOUNT


class SourceAccountForm(ConfigurationForm):
    """A source account."""

    section = SOURCE_ACCOUNT
    natural_key = ("source", "account")


@admin.register(SourceAccount)
class SourceAccountAdmin(BackOfficeAdmin):
    """Source accounts."""

    form = SourceAccountForm
    fields = ("source", "account", "is_active")
    natural_key = ("source", "account")
    list_display = ("source", "account", "active")
    list_display_links = ("source", "account")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("source", "account")
