"""How is money read? As a plain decimal, rounded half up to the decimals of its currency (docs/protocol.md, tills' 1.3)."""

import re
from decimal import ROUND_HALF_UP, Decimal

# A negative exponent is what clients write of a difference that should be 0: 2.8e-14.
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE]-\d{1,3})?", re.ASCII)
# ISO 4217: currencies that do not have two decimals.
_DECIMALS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def read_money(text: str, currency: str) -> Decimal | None:
    """The amount that a text names, with at most 12 digits before the point; None where it is no number."""
    given = text.strip()
    if not _NUMBER.fullmatch(given):
        return None
    return round_money(Decimal(given), currency)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up to the decimals of its currency."""
    return amount.quantize(Decimal(1).scaleb(-_DECIMALS.get(currency, 2)), rounding=ROUND_HALF_UP)


def read_quantity(text: str) -> Decimal | None:
    """A number of things, of which three decimals are kept; None where it is no number."""
    given = text.strip()
    return Decimal(given).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP) if _NUMBER.fullmatch(given) else None
