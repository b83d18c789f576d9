"""Generated card numbers (docs/protocol.md 4.1)."""

from customers.cards.models import Card
from organizations.card_series.counters import next_number
from organizations.card_series.models import CardSeries

# Numbers that are skipped in a row because they are taken: they came by hand or by import.
_TRIES = 100


def next_card_number(series: CardSeries) -> str | None:
    """A free number of the series, None if there is none left."""
    for _ in range(_TRIES):
        digits = str(next_number(f"card:{series.code}"))
        digits_left = series.length - len(series.prefix)
        if len(digits) > digits_left:
            break
        value = f"{series.prefix}{digits.zfill(digits_left)}"
        if not Card.objects.filter(number=value).exists():
            return value
    return None
