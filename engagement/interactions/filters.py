"""Filters of `customer/interaction` (docs/protocol.md 4.13)."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagement.interactions.rules import FEEDS, NETWORKS, TYPES
from loyalty_project.api.filtersets import ColumnFilter, MomentFilter, WireFilterSet


class WordField(forms.CharField):
    """One of some words, in any case."""

    def __init__(self, *, words: Collection[str], **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def clean(self, value: Any) -> str:
        """The word in lower case. Raises `ValidationError` for any other."""
        word: str = super().clean(value).lower()
        if word and word not in self.words:
            raise ValidationError("not one of the words", code="invalid")
        return word


class WordFilter(ColumnFilter):
    """Rows whose column has this word."""

    field_class = WordField


class InteractionFilters(WireFilterSet):
    """Filters of the row `contact`."""

    network = WordFilter("contact.network", words=(*NETWORKS, *FEEDS))
    type = WordFilter("contact.type", words=TYPES)
    start_date = MomentFilter("contact.occurred_at", "from")
    end_date = MomentFilter("contact.occurred_at", "until")
