"""Occasions of a program: awards without a bill, as typed values (docs/organization-file.md, `occasions`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engagement.numbers.decimals import exact_decimal
from engagement.programs.expiry_rules import NEVER, ExpiryRule


class OccasionKind(StrEnum):
    """When an occasion is: the birthday, the anniversary of the registration, or when fields of the profile are filled."""

    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    PROFILE_COMPLETE = "profile_complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionRule:
    """Points for an occasion, once for a customer and year; once ever if the `fields` of the profile are filled."""

    name: str
    kind: OccasionKind
    points: Decimal
    fields: tuple[str, ...] = ()
    expiry: ExpiryRule = NEVER

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "OccasionRule":
        """One of the rules under `occasions`."""
        return cls(
            name=stored["name"],
            kind=OccasionKind(stored["on"]),
            points=exact_decimal(stored["award"]["fixed"]),
            fields=tuple(stored.get("fields") or ()),
            expiry=ExpiryRule.from_json(stored.get("expiry")),
        )

    def reference(self, year: int) -> str:
        """The reference of its entry in the ledger, which an account has once."""
        return f"occasion:{self.name}" + ("" if self.kind == OccasionKind.PROFILE_COMPLETE else f":{year}")
