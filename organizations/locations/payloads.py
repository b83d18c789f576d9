"""Printed stores and tills."""

from organizations.locations.models import Store, Till
from organizations.locations.names import LocationName


def location(row: Store | Till | None) -> dict[str, str]:
    """`{code, name}` of a store or till, blank without one."""
    return {"code": row.code, "name": row.name} if row else {"code": "", "name": ""}


def code_and_name(code: str | None, name: str | None) -> dict[str, str]:
    """`{code, name}` of a store or till of which these columns were read; blank without one."""
    return {"code": code or "", "name": name or ""}


def printed_name(name: LocationName | None) -> dict[str, str]:
    """`{code, name}` of a store or till, blank without one."""
    return {"code": name.code, "name": name.name} if name else {"code": "", "name": ""}
