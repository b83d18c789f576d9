"""Generated card numbers (docs/protocol.md 4.1)."""

from customers.cards.models import Card
from organizations.card_series.counters import next_number
from organizations.card_series.models import CardSeries

# Numbers that are skipped in a row because they are taken: they came by hand or by import.
_TRIES = 100


def next_card_number(series: CardSeries) -> str | None:
    """A free number of the series, or None when there is none."""
    for _ in range(_TRIES):
        digits = str(next_number(series.organization, f"card:{series.code}"))
        room = series.length - len(series.prefix)
        if len(digits) > room:
            break
        value = f"{series.prefix}{digits.zfill(room)}"
        if not Card.objects.filter(number=value).exists():
            return value
    return None
