"""An action on many rows says first how many it changes."""

import pytest
from django.test import Client

from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from tests.back_office import list_of, text_of
from tests.factories.locations import StoreFactory

STORES = "organizations_store"


@pytest.fixture
def stores(organization: Organization) -> list[Store]:
    return [StoreFactory(organization=organization, code=f"store{number}") for number in range(3)]


def chosen(stores: list[Store], **more: str) -> dict[str, object]:
    return {"action": "deactivate", "_selected_action": [store.pk for store in stores[:2]], **more}


def active() -> int:
    return Store.objects.filter(is_active=True).count()


def test_a_page_says_how_many_rows_change(administrator: Client, stores: list[Store]) -> None:
    page = administrator.post(list_of(STORES), chosen(stores))
    assert "Switch off: this changes 2 stores." in text_of(page)
    assert active() == 3
    sent = {"confirmed": "1", **chosen(stores)}
    assert [f'name="{name}"' in page.content.decode() for name in sent] == [True] * len(sent)
    administrator.post(list_of(STORES), sent)
    assert active() == 1


def test_all_rows_of_the_list_are_counted_if_they_are_chosen(administrator: Client, stores: list[Store]) -> None:
    page = administrator.post(list_of(STORES), chosen(stores, select_across="1"))
    assert "this changes 3 stores." in text_of(page)
    administrator.post(list_of(STORES), chosen(stores, select_across="1", confirmed="1"))
    assert active() == 0


def test_nothing_is_asked_about_no_rows_and_other_actions(administrator: Client, stores: list[Store]) -> None:
    for sent in ({"action": "deactivate"}, {"action": "nonsense", "_selected_action": [stores[0].pk]}):
        assert "this changes" not in text_of(administrator.post(list_of(STORES), sent, follow=True))
    assert active() == 3


def test_auditors_are_not_asked(auditor: Client, stores: list[Store]) -> None:
    assert "this changes" not in text_of(auditor.post(list_of(STORES), chosen(stores), follow=True))
    assert active() == 3
