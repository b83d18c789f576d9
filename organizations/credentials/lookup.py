"""Lookup of a caller by till code or client key: its row with organization and store, read in one query at every call.

Read every time, so that switching a till off, moving it or changing its password or a policy works at once in every process.
It is part of every call, and the ORM took ten times as long to build the query as PostgreSQL to answer it. So the statement is
composed once, from the models' columns, and instances are made of its rows as the ORM makes them.
"""

import json
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models

from organizations.credentials.models import ApiClient
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped

# The organization is not known before the credential is.
_REASON = "authentication: the credential decides the organization"
# Large, and not needed by calls: loaded on access.
_DEFERRED = {"stored_sections"}


def find_till(code: str) -> Till | None:
    """The till that may log in under `code`, with `organization` and `store`; None when unknown, off or without a password."""
    row = _read(_TILL_BY_CODE, code, (Till, Organization, Store))
    if row is None:
        return None
    till, organization, store = row
    _join(till, organization, store)
    return till if till.is_active and till.password_hash else None


def find_client(key: str) -> ApiClient | None:
    """The API client that may call under `key`, with `organization`, `till` and the till's `store`.

    None when unknown, without a secret, or when it or its till is switched off.
    """
    row = _read(_CLIENT_BY_KEY, key, (ApiClient, Till, Organization, Store))
    if row is None:
        return None
    client, till, organization, store = row
    _join(till, organization, store)
    client.till, client.organization = till, organization
    return client if client.is_active and client.secret_hash and till.is_active else None


def _join(till: Till, organization: Organization, store: Store) -> None:
    till.organization = store.organization = organization
    till.store = store


def _read(statement: str, name: str, models_in_order: tuple[type[models.Model], ...]) -> list[Any] | None:
    with unscoped(_REASON), connection.cursor() as cursor:
        cursor.execute(statement, [name])
        row = cursor.fetchone()
    if row is None:
        return None
    instances = []
    for model in models_in_order:
        fields = _fields(model)
        values = [_value(model_field, value) for model_field, value in zip(fields, row, strict=False)]
        instances.append(model.from_db(DEFAULT_DB_ALIAS, _names(model), values))
        row = row[len(fields) :]
    return instances


def _value(model_field: Any, value: Any) -> Any:
    # Django's connections hand JSON over as text; its ORM decodes it per field, and so must we.
    return json.loads(value) if isinstance(model_field, models.JSONField) else value


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [model_field.attname for model_field in _fields(model)]


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return [model_field for model_field in model._meta.concrete_fields if model_field.name not in _DEFERRED]


def _columns(model: type[models.Model]) -> str:
    return ", ".join(f"{model._meta.db_table}.{model_field.column}" for model_field in _fields(model))


_LOCATIONS = (
    "JOIN organizations_organization ON organizations_organization.id = organizations_till.organization_id "
    "JOIN organizations_store ON organizations_store.id = organizations_till.store_id"
)
_TILL_BY_CODE = (
    f"SELECT {_columns(Till)}, {_columns(Organization)}, {_columns(Store)} "  # noqa: S608 - made of column names alone
    f"FROM organizations_till {_LOCATIONS} WHERE organizations_till.code = %s"
)
_CLIENT_BY_KEY = (
    f"SELECT {_columns(ApiClient)}, {_columns(Till)}, {_columns(Organization)}, {_columns(Store)} "  # noqa: S608 - as above
    "FROM organizations_apiclient JOIN organizations_till ON organizations_till.id = organizations_apiclient.till_id "
    f"{_LOCATIONS} WHERE organizations_apiclient.key = %s"
)
