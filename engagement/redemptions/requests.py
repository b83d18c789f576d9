"""Requests of tills about redemptions, as sent: unread text, "" if not supplied (docs/protocol.md, tills' part 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRequest:
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
class RedeemableRequest:
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
class ReversalRequest:
    """A reversal as requested. Without `points`: all that are left of the redemption."""

    redemption_id: str = ""
    transaction_number: str = ""
    points: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    external_reference: str = ""
    notes: str = ""
    country_code: str = ""
