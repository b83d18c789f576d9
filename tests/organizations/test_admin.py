"""Zones, concepts, card series and source accounts in the back office."""

import pytest
from django.test import Client

from organizations.card_series.models import CardSeries
from organizations.locations.models import Concept, Zone
from organizations.source_accounts.models import SourceAccount
from tests.back_office import errors_of, filled_form, list_of, page_of


@pytest.mark.parametrize(
    ("noun", "model", "typed"),
    [
        ("zone", Zone, {"code": "south", "name": "South"}),
        ("concept", Concept, {"code": "cafe", "name": "Cafe"}),
        ("cardseries", CardSeries, {"code": "GOLD", "name": "Gold card", "prefix": "GOLD", "length": 16}),
        ("sourceaccount", SourceAccount, {"source": "WECHAT", "account": "wx-main"}),
    ],
)
def test_a_row_is_added_listed_opened_and_unique(
    administrator: Client, noun: str, model: type[Zone], typed: dict[str, str]
) -> None:
    add = f"/admin/organizations/{noun}/add/"
    assert administrator.post(add, filled_form(administrator, add, **typed)).status_code == 302
    row = model.objects.get()
    assert administrator.get(list_of(f"organizations_{noun}")).status_code == 200
    assert administrator.get(page_of(f"organizations_{noun}", row)).status_code == 200
    assert list(errors_of(administrator.post(add, filled_form(administrator, add, **typed))).values()) == [
        ["Is taken already."]
    ]


def test_a_prefix_is_shorter_than_the_number(administrator: Client) -> None:
    add = "/admin/organizations/cardseries/add/"
    form = filled_form(administrator, add, code="GOLD", name="Gold", prefix="GOLDEN", length=6)
    assert errors_of(administrator.post(add, form)) == {"prefix": ["Must be shorter than the whole number."]}
