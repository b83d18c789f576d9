"""How is text compared in a search? In its folded form, by a range of an index (docs/protocol.md 4.4)."""

from django.db.models import Q

from customers.profile.text import FOLDED_LENGTH, fold
from customers.search.attributes import invalid_search
from customers.search.grammar import Condition, Operator

# Behind everything that begins with a text.
_LAST = "\U0010ffff"


def folded_text(text: str) -> str:
    """The text in the form in which it is compared. Raises `LoyaltyError` 400 for what is longer than anything that is kept."""
    form = fold(text)
    if not 0 < len(form) < FOLDED_LENGTH:
        raise invalid_search()
    return form


def text_criterion(condition: Condition, *, column: str, backwards: str, whole: str = "") -> Q:
    """Rows whose text is what the condition says: by the columns of its folded form, of that backwards, and of itself.

    Without `whole`, EXACT compares the folded forms alone, and what else must hold is added by the caller.
    """
    values = [folded_text(value) for value in condition.values]
    match condition.operator:
        case Operator.STARTS:
            return _begins(column, values[0])
        case Operator.ENDS:
            return _begins(backwards, values[0][::-1])
        case Operator.IN:
            return Q(**{f"{column}__in": values})
        case Operator.EXACT if whole:
            return Q(**{column: values[0], whole: condition.value})
        case _:
            return Q(**{column: values[0]})


def _begins(column: str, text: str) -> Q:
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _LAST})
