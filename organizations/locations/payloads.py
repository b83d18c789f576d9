"""Printed stores and tills."""

from organizations.locations.names import LocationName


def printed_name(name: LocationName | None) -> dict[str, str]:
    """`{code, name}` of a store or till, blank without one."""
    return {"code": name.code, "name": name.name} if name else {"code": "", "name": ""}
