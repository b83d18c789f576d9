"""Views saved at once are counted; the twin, without the lock of the member, saves more than there may be."""

from collections.abc import Iterator

import pytest
from django.db.models import Model

from organizations.saved_views import services
from organizations.saved_views.models import SavedView
from organizations.saved_views.services import TooManyViewsError, save_view
from organizations.staff.models import StaffMember
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.staff import StaffMemberFactory
from tests.races import all_read_before, race, remove_row_locks

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("Mine", "Other")


@pytest.fixture
def member(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StaffMember]:
    """A member who may have one view of a list."""
    monkeypatch.setattr(services, "MOST_VIEWS", 1)
    with unscoped("tests make their rows"):
        made: StaffMember = StaffMemberFactory(username="asha", role="org_admin")
    with organization_scope(made.organization):
        yield made


def save_at_once(member: StaffMember) -> list[bool]:
    """Whether each of the views was saved."""

    def save(name: str) -> bool:
        with organization_scope(member.organization):
            try:
                save_view(member, list_name="customers.customer", name=name, query={"o": "0"})
            except TooManyViewsError:
                return False
            return True

    return race([[name] for name in NAMES], save)


def test_views_saved_at_once_are_counted(member: StaffMember) -> None:
    assert sorted(save_at_once(member)) == [False, True]
    assert SavedView.objects.count() == 1


def test_twin_without_the_lock_too_many_views_are_saved(member: StaffMember, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, services)
    with all_read_before(Model, "save", workers=len(NAMES)):
        assert save_at_once(member) == [True, True]
    assert SavedView.objects.count() == len(NAMES)
