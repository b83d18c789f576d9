"""Counters of generated numbers. The row is locked until the transaction ends, so that no number is used twice."""

from django.db.models import F

from organizations.card_series.models import Counter
from organizations.tenancy.models import Organization


def next_number(organization: Organization, name: str) -> int:
    """The next number under `name`, from 1. Numbers of a transaction that is rolled back are used again."""
    counter = Counter.objects.filter(organization=organization, name=name)
    if not counter.update(last=F("last") + 1):
        Counter.objects.get_or_create(organization=organization, name=name)
        counter.update(last=F("last") + 1)
    return counter.values_list("last", flat=True).get()
