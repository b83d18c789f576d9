"""Criteria on text: folded, and by a range of an index (docs/protocol.md 4.4)."""

from django.db.models import Q

from customers.profile.text import FOLDED_LENGTH, fold_given
from customers.search.attributes import invalid_search
from customers.search.grammar import Condition, Operator

# Sorts after every text with the same beginning.
_LAST = "\U0010ffff"


def folded_text(text: str) -> str:
    """The folded text. Raises `LoyaltyError` 400 if it is empty, or longer than any stored one."""
    form = fold_given(text)
    if not form or len(form) >= FOLDED_LENGTH:
        raise invalid_search()
    return form


def text_criterion(condition: Condition, *, column: str, backwards: str, whole: str = "") -> Q:
    """Rows whose text meets the condition. Columns: folded text, reversed folded text (`backwards`), stored text (`whole`).

    Without `whole`, EXACT compares folded text only; the caller compares the stored text.
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
