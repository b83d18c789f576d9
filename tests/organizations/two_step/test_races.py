"""Two pages that are opened at once begin one app; the twin, without the lock of the member, leaves two secrets."""

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from organizations.staff.models import StaffMember
from organizations.tenancy.scoping import unscoped
from organizations.two_step import services
from tests.factories.staff import StaffMemberFactory
from tests.races import all_read_before, race, remove_row_locks

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 2


@pytest.fixture
def member(transactional_db: None) -> StaffMember:
    with unscoped("tests make their rows"):
        made: StaffMember = StaffMemberFactory(username="asha")
    return made


def begin_at_once(member: StaffMember) -> set[str]:
    """The secrets that the pages show."""
    return set(race([[member]] * WORKERS, lambda each: services.begin_adding(each).key))


def test_pages_opened_at_once_show_the_same_secret(member: StaffMember) -> None:
    for _ in range(3):
        TOTPDevice.objects.all().delete()
        assert begin_at_once(member) == {TOTPDevice.objects.get().key}


def test_twin_without_the_lock_two_secrets_are_left(member: StaffMember, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, services)
    with all_read_before(TOTPDevice.objects, "create", workers=WORKERS):
        assert len(begin_at_once(member)) == TOTPDevice.objects.count() == WORKERS
