"""Options of a registration: the same for all items of a call."""

from dataclasses import dataclass
from typing import Literal

IfExisting = Literal["update", "skip", "reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationOptions:
    """How items are registered. The defaults are those of an add.

    `may_create`: unknown customers are created. `if_existing`: what happens to known ones (only if `may_create`).
    `all_programs`: customers join every program, not just the till's and the default one. `defer_awards`: a worker makes the
    awards for joining (docs/protocol.md 1.8, Replay). `corrects_registration`: a sent `registered_on` replaces the stored one.
    `always_touch`: an update that changes nothing sets `updated_on` all the same.
    """

    may_create: bool = True
    if_existing: IfExisting = "update"
    all_programs: bool = False
    defer_awards: bool = False
    corrects_registration: bool = False
    always_touch: bool = True

    @property
    def skips_existing(self) -> bool:
        """True if known customers stay as they are."""
        return self.may_create and self.if_existing == "skip"

    @property
    def rejects_existing(self) -> bool:
        """True if known customers are refused."""
        return self.may_create and self.if_existing == "reject"

    @property
    def enrols_existing(self) -> bool:
        """True if known customers join the programs that a new one would."""
        return self.may_create and not self.skips_existing
