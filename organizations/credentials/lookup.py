"""Lookup of a caller by till code or client key: one statement at every call.

It reads what the credential is checked against, and the version of the organization's configuration. So switching a till off,
moving it or changing its password or a policy works at once in every process, though the rows themselves are those of the
configuration in memory.
"""

from dataclasses import dataclass
from typing import Final

from loyalty_project.db.statements import fetch
from organizations.locations.models import Till

_TILL_BY_CODE: Final = """
SELECT till.organization_id, organization.configuration_version, till.id, till.password_hash, till.password_hash_sha256
FROM organizations_till AS till
JOIN organizations_organization AS organization ON organization.id = till.organization_id
WHERE till.code = %(code)s AND till.is_active AND till.password_hash <> ''
"""
_CLIENT_BY_KEY: Final = """
SELECT client.organization_id, organization.configuration_version, till.id, client.key, client.secret_hash, client.token_ttl
FROM organizations_apiclient AS client
JOIN organizations_till AS till ON till.id = client.till_id
JOIN organizations_organization AS organization ON organization.id = client.organization_id
WHERE client.key = %(key)s AND client.is_active AND client.secret_hash <> '' AND till.is_active
"""


@dataclass(frozen=True, slots=True)
class FoundTill:
    """A till that may log in, with the hashes of its password."""

    organization_id: int
    configuration_version: int
    till_id: int
    password_hash: str
    password_hash_sha256: str


@dataclass(frozen=True, slots=True)
class FoundClient:
    """An API client that may call, with its till and the hash of its secret. Its tokens live for `token_ttl` seconds."""

    organization_id: int
    configuration_version: int
    till_id: int
    key: str
    secret_hash: str
    token_ttl: int


def find_till(code: str) -> FoundTill | None:
    """The till that may log in under `code`; None when unknown, off or without a password."""
    rows = fetch(_TILL_BY_CODE, {"code": code})
    return FoundTill(*rows[0]) if rows else None


def find_client(key: str) -> FoundClient | None:
    """The API client that may call under `key`; None when unknown, without a secret, or when it or its till is off."""
    rows = fetch(_CLIENT_BY_KEY, {"key": key})
    return FoundClient(*rows[0]) if rows else None


def load_till(till_id: int) -> Till | None:
    """The till of the scope's organization with its store, and the store's zone and concept: a part of the configuration."""
    return Till.objects.select_related("store__zone", "store__concept").filter(pk=till_id).first()
