"""Columns that hold secrets, or hashes of them. No list filters, sorts, searches or shows them; the audit leaves them out."""

from typing import Final

from django.db.models.constants import LOOKUP_SEP

from organizations.credentials.hashing import PASSWORD_COLUMNS

SECRET_COLUMNS: Final = frozenset({"password", *PASSWORD_COLUMNS, "secret_hash"})
_TELLING: Final = ("password", "secret", "_hash", "sealed")


def names_secret(path: str) -> bool:
    """True if a look-up path leads through a column that holds a secret, or that is named like one."""
    parts = path.removeprefix("-").split(LOOKUP_SEP)
    return any(part in SECRET_COLUMNS or any(word in part for word in _TELLING) for part in parts)
