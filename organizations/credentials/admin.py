"""Which OAuth clients may call the API, and with which secret?"""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import page_action
from organizations.back_office.secrets import SecretAdmin, SecretKind
from organizations.credentials.hashing import set_client_secret
from organizations.credentials.models import ApiClient
from organizations.credentials.organization_file import API_CLIENT


class ApiClientForm(ConfigurationForm):
    """Keys are credentials, so nobody else on the installation may have the same."""

    section = API_CLIENT
    natural_key = ("key",)
    installation_wide = True


@admin.register(ApiClient)
class ApiClientAdmin(SecretAdmin):
    """API clients, and a page to set the secret of one."""

    form = ApiClientForm
    store_path = "till__store"
    related = ("till",)
    secret = SecretKind(word="secret", columns=("secret_hash",), put=set_client_secret)
    fields = ("key", "till", "token_ttl", "is_active", "log_in")
    readonly_fields = ("log_in",)
    natural_key = ("key",)
    list_display = ("key", "till", "token_ttl", "active", "log_in")
    list_filter = (("is_active", BooleanRadioFilter),)
    search_fields = ("key", "till__code")
    actions_detail: Sequence[str] = ("set_secret",)

    @display(description="Secret", label={"set": "success", "none": "warning"})
    def log_in(self, client: ApiClient) -> str:
        """Whether there is a secret at all."""
        return "set" if client.secret_hash else "none"

    @page_action("Set secret", address="secret", icon="key")
    def set_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page that sets the secret."""
        return self.answer_secret(request, object_id)
