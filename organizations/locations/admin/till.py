"""Tills, and the page that sets the password of one."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from organizations.back_office.columns import state_display
from organizations.back_office.filters import StoreFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import row_page
from organizations.back_office.secrets import SecretAdmin, SecretKind
from organizations.credentials.hashing import PASSWORD_COLUMNS, set_till_password
from organizations.locations.models import Till
from organizations.locations.organization_file import TILL


class TillForm(ConfigurationForm):
    """A till. Its code is its user name for the API, so codes are unique on the installation."""

    section = TILL
    installation_wide = True


@admin.register(Till)
class TillAdmin(SecretAdmin):
    """Tills."""

    form = TillForm
    store_path = "store"
    related = ("store",)
    secret = SecretKind(word="password", columns=PASSWORD_COLUMNS, put=set_till_password)
    fields = ("store", "code", "name", "is_active", "log_in")
    readonly_fields = ("log_in",)
    natural_key = ("code",)
    list_display = ("code", "name", "store", "active", "log_in")
    list_display_links = ("code", "name")
    list_filter = (("is_active", YesNoFilter), StoreFilter)
    search_fields = ("code", "name", "store__code", "store__name")
    actions_detail: Sequence[str] = ("set_password",)

    @state_display("Password", {"set": "success", "none": "warning"})
    def log_in(self, till: Till) -> str:
        """Whether a password is set."""
        return "set" if till.password_hash else "none"

    @row_page("Set password", address="password", icon="key")
    def set_password(self, request: HttpRequest, till: Till) -> HttpResponse:
        """The page that sets the password."""
        return self.answer_secret(request, till)
