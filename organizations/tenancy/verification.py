"""Requirements for changing an identifier: what a caller must know of the customer (docs/protocol.md 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityVerification:
    """Fields that must match what is stored, fields of which `optional_matches` must, and whether a one-time code is needed.

    Fields are named as requests name them: firstname, lastname, a kind of identifier, or a custom or extended field.
    """

    mandatory: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    optional_matches: int = 0
    otp: bool = False

    @classmethod
    def from_section(cls, section: Mapping[str, Any]) -> Self:
        """From the section `identity_verification` of an organization file. Keys that it leaves out require nothing."""
        return cls(
            mandatory=tuple(section.get("mandatory", ())),
            optional=tuple(section.get("optional", ())),
            optional_matches=section.get("optional_matches", 0),
            otp=section.get("otp", False),
        )
