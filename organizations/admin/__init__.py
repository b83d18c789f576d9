"""The rooms of the back office for organizations: one file a noun. Importing them puts them on the site."""

from organizations.admin import (
    api_client,
    audit,
    card_series,
    concept,
    field,
    idempotency_key,
    import_run,
    organization,
    source_account,
    staff,
    store,
    till,
    zone,
)

__all__ = [
    "api_client",
    "audit",
    "card_series",
    "concept",
    "field",
    "idempotency_key",
    "import_run",
    "organization",
    "source_account",
    "staff",
    "store",
    "till",
    "zone",
]
