"""Requests of tills about redemptions, as sent: "" if not supplied. Only codes are read (docs/protocol.md, tills' part 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from loyalty_project.protocol.plain_text import read_code

# Numbers, codes and references, which requests have in canonical form.
_CODES: Final = ("transaction_number", "validation_code", "external_reference", "redemption_id", "program_id")


class _Request:
    """A request with its codes in canonical form."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name in _CODES:
            given: Any = getattr(self, name, "")
            if given:
                object.__setattr__(self, name, read_code(given))


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRequest(_Request):
    """A redemption as requested."""

    references: Mapping[str, str]
    points: str
    program_id: str = ""
    transaction_number: str = ""
    validation_code: str = ""
    external_reference: str = ""
    redeemed_at: str = ""
    purpose: str = ""
    notes: str = ""
    custom_fields: Sequence[Mapping[str, str]] = ()
    skips_validation: bool = False
    by_missed_call: bool = False
    for_group: bool = False
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemableRequest(_Request):
    """The question whether points may be redeemed. `amount` is points, or money with `is_money`."""

    references: Mapping[str, str]
    amount: str
    is_money: bool = False
    program_id: str = ""
    validation_code: str = ""
    wants_code: bool = False
    by_missed_call: bool = False
    for_group: bool = False
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRequest(_Request):
    """A reversal as requested. Without `points`: all that are left of the redemption."""

    redemption_id: str = ""
    transaction_number: str = ""
    points: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    external_reference: str = ""
    notes: str = ""
    country_code: str = ""
