"""OAuth clients of the API, and the page that sets the secret of one."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from organizations.back_office.columns import state_display
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.pages import row_page
from organizations.back_office.secrets import SecretAdmin, SecretKind
from organizations.credentials.hashing import set_client_secret
from organizations.credentials.models import ApiClient
from organizations.credentials.organization_file import API_CLIENT


class ApiClientForm(ConfigurationForm):
    """An API client. Keys are credentials, so they are unique on the installation."""

    section = API_CLIENT
    natural_key = ("key",)
    installation_wide = True


@admin.register(ApiClient)
class ApiClientAdmin(SecretAdmin):
    """API clients."""

    form = ApiClientForm
    store_path = "till__store"
    related = ("till",)
    secret = SecretKind(word="secret", columns=("secret_hash",), put=set_client_secret)
    fields = ("key", "till", "token_ttl", "is_active", "log_in")
    readonly_fields = ("log_in",)
    natural_key = ("key",)
    list_display = ("key", "till", "token_ttl", "active", "log_in")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("key", "till__code")
    actions_detail: Sequence[str] = ("set_secret",)

    @state_display("Secret", {"set": "success", "none": "warning"})
    def log_in(self, client: ApiClient) -> str:
        """Whether a secret is set."""
        return "set" if client.secret_hash else "none"

    @row_page("Set secret", address="secret", icon="key")
    def set_secret(self, request: HttpRequest, client: ApiClient) -> HttpResponse:
        """The page that sets the secret."""
        return self.answer_secret(request, client)
