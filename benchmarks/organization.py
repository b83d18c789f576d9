"""The organizations of the benchmarks, loaded from `organization.yaml` into a database of their own."""

from base64 import b64encode
from pathlib import Path
from typing import Final

from organizations.credentials.hashing import password_digest
from organizations.organization_file.reading import read_document
from organizations.tenancy.models import Organization
from use_cases.organization_file import check_document, check_values, load_organization

ORGANIZATION: Final = "bench"
TILL: Final = "bench.till1"
# Its accounts have deep ledgers: the measurements of the ledger must not change what a get reads.
LEDGER_ORGANIZATION: Final = "ledgerbench"
_PASSWORD: Final = "bench-till"  # noqa: S105 - of a database that is thrown away
_FILE: Final = Path(__file__).with_name("organization.yaml")
_TILL_FILE: Final = Path(__file__).with_name("till.yaml")


class NotEmptyError(Exception):
    """The database has organizations already."""


def load_bench(code: str = ORGANIZATION) -> Organization:
    """Load the file as an organization with this code, which its store and its till have before their names as well."""
    content = _FILE.read_bytes().replace(b"bench", code.encode())
    return load_organization(check_document(content, environment={})).organization


def load_till_bench(code: str, *, with_tiers: bool) -> Organization:
    """Load the organization of bills and redemptions with this code: its program has one rule, and tiers if asked for."""
    document = read_document(_TILL_FILE.read_bytes().replace(b"bench.", f"{code}.".encode()))
    document["organization"]["code"] = code
    if not with_tiers:
        del document["programs"][0]["tiers"]
    return load_organization(check_values(document, environment={})).organization


def require_empty() -> None:
    """Raise NotEmptyError if there are organizations: a database in use is never filled by mistake."""
    if Organization.objects.exists():
        raise NotEmptyError("The benchmarks need an empty database of their own: make bench brings one.")


def credential(till: str = TILL) -> str:
    """The Authorization header of the till."""
    return f"Basic {b64encode(f'{till}:{password_digest(_PASSWORD)}'.encode()).decode()}"
