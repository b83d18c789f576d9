"""Section `api_clients` of the organization file."""

from typing import Any, Final

from organizations.credentials.hashing import set_client_secret, verify_secret
from organizations.credentials.models import ApiClient
from organizations.locations.organization_file import TILL_TABLE, list_tills
from organizations.organization_file.common_keys import ACTIVE, check_secret, secret_keys
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_name
from organizations.organization_file.rows import RowChanges, Secret, Table, WantedRow
from organizations.organization_file.schema import ListOf, Struct, Text, Whole, column_text, optional, required
from organizations.organization_file.sections import Document, InstallationNames, SecretKey, Section, list_rows
from organizations.tenancy.models import Organization

API_CLIENT: Final = Struct(
    {
        "key": required(column_text(ApiClient, "key")),
        **secret_keys("secret"),
        "till": required(Text(50)),
        "token_ttl": optional(Whole(60, 86_400), 300),
        "active": ACTIVE,
    },
    check_secret("secret"),
)
CLIENT_TABLE: Final = Table(
    model=ApiClient,
    key_of=lambda row: row.key,
    label=lambda row: f"API client {row.key}",
    related=("till",),
    secret=Secret(
        key="secret",
        attributes=("secret_hash",),
        set=set_client_secret,
        matches=lambda client, secret: verify_secret(client.secret_hash, secret),
        is_missing=lambda client: not client.secret_hash,
    ),
)


def check_clients(document: Document, problems: Problems) -> None:
    """Tills of API clients exist."""
    tills = {till["code"] for _, _, till in list_tills(document)}
    for path, client in list_rows(document, "api_clients"):
        check_name(client["till"], tills, "till", f"{path}.till", problems)


def load_clients(document: Document, rows: RowChanges) -> None:
    """Make API clients equal to the document, after tills."""
    rows.apply(CLIENT_TABLE, [_client_row(path, client, rows) for path, client in list_rows(document, "api_clients")])


def dump_clients(_organization: Organization) -> list[dict[str, Any]]:
    """API clients, by key."""
    return [
        {"key": client.key, "till": client.till.code, "token_ttl": client.token_ttl, "active": client.is_active}
        for client in ApiClient.objects.select_related("till")
    ]


def _client_keys(document: Document) -> InstallationNames:
    paths = {client["key"]: f"{path}.key" for path, client in list_rows(document, "api_clients")}
    return InstallationNames(ApiClient, "key", paths)


API_CLIENTS: Final = Section(
    name="api_clients",
    schema=optional(ListOf(API_CLIENT, key=("key",)), []),
    check=check_clients,
    secrets=lambda document: (SecretKey(path, client, "secret") for path, client in list_rows(document, "api_clients")),
    installation_names=_client_keys,
    load=load_clients,
    dump=dump_clients,
)


def _client_row(path: str, client: dict[str, Any], rows: RowChanges) -> WantedRow:
    values = {
        "key": client["key"],
        "till": rows.applied(TILL_TABLE)[client["till"]],
        "token_ttl": client["token_ttl"],
        "is_active": client["active"],
    }
    return WantedRow(client["key"], path, values, client["secret"])
