"""Values that a customer only inherited by a merge: they find the survivor until another customer is given them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from customers.identifiers.exclusivity import align_rows, check_exclusive
from customers.identifiers.models import Identifier
from customers.identity_requests.services import DECIDE_PERMISSION, ReleaseRefusedError, release_identifier
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.staff.reach import OutOfReachError, StaffReach
from organizations.tenancy.models import Organization
from tests.factories.identity_requests import ask, code_of, known_by, set_flags, staff
from tests.factories.locations import till_actor
from tests.use_cases.merges import codes, find, merge, send, undo
from use_cases.merging import MergeRefusedError
from use_cases.registration import register_all, update_customer

pytestmark = pytest.mark.django_db
INHERITED = "919812300002"


@pytest.fixture
def merged(till: Till, anna: Customer, twin: Customer) -> Merge:
    """Anna has inherited the mobile of the twin, and took over the e-mail address and the external id."""
    return merge(till, anna, twin)


@pytest.fixture
def usha(till: Till) -> Customer:
    return send(till, email="usha@example.com", firstname="Usha").customer


def taken_by_add(till: Till) -> None:
    send(till, email="usha@example.com", mobile=INHERITED)


def taken_by_update(till: Till) -> None:
    send(till, update_customer, email="usha@example.com", mobile=INHERITED)


def taken_by_update_of_an_id(till: Till) -> None:
    usha = Identifier.objects.get(value="usha@example.com").customer_id
    send(till, update_customer, id=str(usha), mobile=INHERITED)


def taken_by_request(till: Till) -> None:
    send(till, email="usha@example.com", mobile="9812300007")
    set_flags(till.organization, CI_MOBILE_AUTO_APPROVE=1)
    assert ask(till, "mobile", "9812300007", INHERITED).type == "CHANGE_IDENTIFIER"


WAYS = (taken_by_add, taken_by_update, taken_by_update_of_an_id, taken_by_request)


@pytest.mark.parametrize("take", WAYS)
def test_a_customer_who_is_given_it_takes_it_from_the_heir(
    organization: Organization, till: Till, merged: Merge, anna: Customer, usha: Customer, take: Callable[[Till], None]
) -> None:
    assert find(organization, "mobile", INHERITED) == (anna.pk, True)
    take(till)
    assert find(organization, "mobile", INHERITED) == (usha.pk, False)
    assert known_by(usha)["mobile"] == INHERITED
    assert (known_by(anna)["mobile"], known_by(anna, "FORMER")) == ("919812300001", {"mobile": INHERITED})
    assert Merge.objects.count() == 1
    released = AuditEntry.objects.get(action="released")
    assert (released.object_id, released.old, released.new) == (anna.pk, {"mobile": INHERITED}, {"customer": usha.pk})
    gained = AuditEntry.objects.filter(object_type="customer", object_id=usha.pk, new__mobile=INHERITED)
    assert gained.count() == 1


def test_a_new_customer_is_given_it_where_primaries_decide(
    organization: Organization, till: Till, merged: Merge, anna: Customer
) -> None:
    send(till, mobile="9812300001", email="other@example.com")
    set_flags(organization, CONF_PRIMARY_IDENTIFIER_STRICT_CHECK=1, CONF_REGISTRATION_PRIMARY_KEY="email")
    new = send(till, email="new@example.com", mobile=INHERITED)
    assert (new.is_new, new.customer.pk) != (False, anna.pk)
    released = AuditEntry.objects.get(action="released")
    assert (released.object_id, released.new) == (anna.pk, {"customer": new.customer.pk})
    assert find(organization, "mobile", INHERITED) == (new.customer.pk, False)


def test_an_item_that_names_the_heir_alone_still_reaches_them(till: Till, merged: Merge, anna: Customer) -> None:
    registration = send(till, mobile=INHERITED, lastname="Iyer")
    assert (registration.customer.pk, codes(registration)) == (anna.pk, [91009])


def test_a_value_that_was_used_formerly_is_free(organization: Organization, till: Till, anna: Customer, usha: Customer) -> None:
    set_flags(organization, CI_MOBILE_AUTO_APPROVE=1)
    ask(till, "mobile", "9812300001", "9812300008")
    send(till, email="usha@example.com", mobile="9812300001")
    assert find(organization, "mobile", "919812300001") == (usha.pk, False)
    assert not Merge.objects.exists()


def test_the_items_of_a_call_see_what_the_earlier_ones_took(
    organization: Organization, till: Till, merged: Merge, anna: Customer, usha: Customer
) -> None:
    items = [{"email": "usha@example.com", "mobile": INHERITED}, {"mobile": INHERITED, "firstname": "U"}]
    with transaction.atomic():
        context = load_input_context(items, by=till_actor(till))
        inputs = [read_customer_input(item, context, action="add") for item in items]
        results = register_all(inputs, options=RegistrationOptions(), context=context, by=till_actor(till))
    assert [result.customer.pk for result in results] == [usha.pk, usha.pk]
    assert known_by(anna, "FORMER") == {"mobile": INHERITED}


def test_a_refused_item_takes_nothing(organization: Organization, till: Till, merged: Merge, anna: Customer) -> None:
    fraud = send(till, email="fraud@example.com", fraud_status={"status": "CONFIRMED"}).customer
    assert code_of(till, "email", "fraud@example.com", "x@example.com") == 618
    with pytest.raises(Exception, match="618"):
        send(till, email="fraud@example.com", mobile=INHERITED)
    assert find(organization, "mobile", INHERITED) == (anna.pk, True)
    assert known_by(fraud) == {"email": "fraud@example.com"}


# --- undoing the merge afterwards


@pytest.mark.parametrize("take", WAYS)
def test_the_victim_does_not_get_a_value_back_that_another_was_given(
    organization: Organization, till: Till, merged: Merge, twin: Customer, usha: Customer, take: Callable[[Till], None]
) -> None:
    take(till)
    undo(till, merged)
    assert known_by(twin) == {"email": "anna@example.com", "external_id": "NW-2"}
    assert known_by(twin, "FORMER") == {"mobile": INHERITED}
    assert find(organization, "mobile", INHERITED) == (usha.pk, False)
    entry = AuditEntry.objects.get(action="merge undone", object_id=twin.pk)
    assert entry.new["identifiers lost since the merge"] == [INHERITED]


def test_a_merge_recorded_without_exclusive_values_is_undone_too(till: Till, merged: Merge, twin: Customer) -> None:
    del merged.moved["identifiers"]["exclusive"]
    merged.save()
    send(till, email="usha@example.com")
    taken_by_add(till)
    undo(till, merged)
    assert known_by(twin, "FORMER") == {"mobile": INHERITED}


def test_nested_merges_are_undone_around_a_lost_value(till: Till, merged: Merge, anna: Customer, twin: Customer) -> None:
    top = send(till, mobile="9812300005", email="top@example.com").customer
    outer = merge(till, top, anna)
    send(till, email="usha@example.com")
    taken_by_add(till)
    undo(till, outer)
    assert known_by(anna, "FORMER") == {"mobile": INHERITED}
    undo(till, merged)
    assert known_by(twin, "FORMER") == {"mobile": INHERITED}


def test_a_taken_over_value_that_was_replaced_still_keeps_a_merge(
    organization: Organization, till: Till, merged: Merge, anna: Customer
) -> None:
    set_flags(organization, CI_EMAIL_AUTO_APPROVE=1)
    ask(till, "email", "anna@example.com", "new@example.com")
    with pytest.raises(MergeRefusedError, match="identifiers"):
        undo(till, merged)


# --- releasing by staff


def release(organization: Organization, customer: Customer, value: str = INHERITED) -> None:
    with transaction.atomic():
        release_identifier("mobile", value, customer_id=customer.pk, reason="Recycled", by=staff(organization))


def test_staff_release_an_inherited_value(organization: Organization, till: Till, merged: Merge, anna: Customer) -> None:
    release(organization, anna)
    assert find(organization, "mobile", INHERITED) == (None, False)
    assert known_by(anna, "FORMER") == {"mobile": INHERITED}
    entry = AuditEntry.objects.get(action="released")
    assert (entry.actor, entry.object_id) == ("staff:asha", anna.pk)
    assert (entry.old, entry.new) == ({"mobile": INHERITED}, {"reason": "Recycled"})
    assert send(till, mobile=INHERITED).is_new


def test_an_own_or_unknown_value_is_not_released(organization: Organization, till: Till, merged: Merge, anna: Customer) -> None:
    for value in ("919812300001", "919812300099"):
        with pytest.raises(ReleaseRefusedError):
            release(organization, anna, value)
    release(organization, anna)
    with pytest.raises(ReleaseRefusedError):
        release(organization, anna)


@pytest.mark.parametrize(
    "reach",
    [StaffReach(stores=frozenset({0}), permissions=frozenset({DECIDE_PERMISSION})), StaffReach()],
    ids=["another store", "another role"],
)
def test_staff_release_no_value_out_of_their_reach(
    organization: Organization, till: Till, merged: Merge, anna: Customer, reach: StaffReach
) -> None:
    by = replace(staff(organization), reach=reach)
    with pytest.raises(OutOfReachError):
        release_identifier("mobile", INHERITED, customer_id=anna.pk, reason="Recycled", by=by)
    assert known_by(anna, "MERGED") == {"mobile": INHERITED}


def test_a_merge_is_undone_after_a_release(organization: Organization, till: Till, merged: Merge, anna: Customer) -> None:
    release(organization, anna)
    undo(till, merged)
    assert find(organization, "mobile", INHERITED) == (None, False)


def test_a_shared_email_does_not_come_back_once_emails_are_unique(organization: Organization, till: Till) -> None:
    set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=0)
    first, second = (send(till, mobile=f"981230001{n}", email="family@example.com").customer for n in (1, 2))
    row = merge(till, first, second)
    before, organization.flags = organization.policy, {}
    organization.save()
    check_exclusive(before, organization.policy)
    align_rows(before, organization.policy)
    undo(till, row)
    assert (known_by(first)["email"], known_by(second, "FORMER")) == ("family@example.com", {"email": "family@example.com"})
    assert find(organization, "email", "family@example.com") == (first.pk, False)


@pytest.mark.parametrize("flags", [{"CONF_USERS_IS_EMAIL_UNIQUE": 0}, {"CONF_INSTORE_V2_ENABLED": 1}])
def test_a_merge_is_undone_after_the_settings_of_uniqueness_changed(
    organization: Organization, till: Till, merged: Merge, twin: Customer, flags: dict[str, int]
) -> None:
    before = organization.policy
    set_flags(organization, **flags)
    align_rows(before, organization.policy)
    undo(till, merged)
    assert known_by(twin) == {"mobile": INHERITED, "email": "anna@example.com", "external_id": "NW-2"}
