"""Which points of sale may call the API, and with which password?"""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from organizations.back_office.filters import StoreFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import page_action
from organizations.back_office.secrets import SecretAdmin, SecretKind
from organizations.credentials.hashing import PASSWORD_COLUMNS, set_till_password
from organizations.locations.models import Till
from organizations.locations.organization_file import TILL


class TillForm(ConfigurationForm):
    """Till codes are the API's user names, so nobody else on the installation may have the same."""

    section = TILL
    installation_wide = True


@admin.register(Till)
class TillAdmin(SecretAdmin):
    """Tills, and a page to set the password of one."""

    form = TillForm
    store_path = "store"
    related = ("store",)
    secret = SecretKind(word="password", columns=PASSWORD_COLUMNS, put=set_till_password)
    fields = ("store", "code", "name", "is_active", "log_in")
    readonly_fields = ("log_in",)
    natural_key = ("code",)
    list_display = ("code", "name", "store", "active", "log_in")
    list_display_links = ("code", "name")
    list_filter = (("is_active", BooleanRadioFilter), StoreFilter)
    search_fields = ("code", "name", "store__code", "store__name")
    actions_detail: Sequence[str] = ("set_password",)

    @display(description="Password", label={"set": "success", "none": "warning"})
    def log_in(self, till: Till) -> str:
        """Whether there is a password at all."""
        return "set" if till.password_hash else "none"

    @page_action("Set password", address="password", icon="key")
    def set_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page that sets the password."""
        return self.answer_secret(request, object_id)
