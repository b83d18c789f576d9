"""API clients in the back office."""

from django.test import Client

from organizations.audit.models import AuditEntry
from organizations.credentials.hashing import verify_secret
from organizations.credentials.models import ApiClient
from organizations.locations.models import Till
from tests.back_office import errors_of, filled_form, list_of, page_of

ADD = "/admin/organizations/apiclient/add/"
CLIENTS = "organizations_apiclient"


def test_an_administrator_adds_a_client_and_sets_its_secret(administrator: Client, till: Till) -> None:
    added = administrator.post(ADD, filled_form(administrator, ADD, key="nw-key-9", till=till.pk))
    client = ApiClient.objects.get(key="nw-key-9")
    assert added["Location"] == page_of(CLIENTS, client).replace("/change/", "/secret/")
    assert client.token_ttl == 300
    assert "none" in administrator.get(list_of(CLIENTS)).content.decode()
    page = page_of(CLIENTS, client).replace("/change/", "/secret/")
    assert administrator.post(page, {"how": "type", "secret": "mangoes-and-9"}).status_code == 302
    client.refresh_from_db()
    assert verify_secret(client.secret_hash, "mangoes-and-9")
    assert [entry.new for entry in AuditEntry.objects.order_by("pk")] == [
        {"key": "nw-key-9", "till": "mgroad.till1", "token_ttl": 300, "active": True},
        {"secret": "set"},
    ]


def test_token_lifetimes_are_bounded_and_keys_unique(administrator: Client, client_row: ApiClient) -> None:
    form = filled_form(administrator, ADD, key="nw-key-2", till=client_row.till_id, token_ttl=5)
    assert list(errors_of(administrator.post(ADD, form))) == ["token_ttl"]
    form = filled_form(administrator, ADD, key=client_row.key, till=client_row.till_id)
    assert errors_of(administrator.post(ADD, form)) == {"key": ["Is taken already."]}
