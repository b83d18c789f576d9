"""How are points and money shown to people? With the separators of their language, and no more decimals than there are."""

from decimal import Decimal

from loyalty_project.translation import format_number

_CENT = Decimal("0.01")


def format_points(points: Decimal) -> str:
    """`1250.500` as "1,250.5"."""
    return format_number(Decimal(f"{points.normalize():f}"))


def format_change(points: Decimal) -> str:
    """The same with its sign: "+50", "−20" (no change is "0")."""
    sign = "+" if points > 0 else "−" if points < 0 else ""
    return f"{sign}{format_points(abs(points))}"


def format_money(amount: Decimal) -> str:
    """`1250.500` as "1,250.50"; a third decimal only where there is one."""
    return format_number(amount, 2 if amount == amount.quantize(_CENT) else None)
