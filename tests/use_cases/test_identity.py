"""Requests to change an identifier."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import MOST_TRIES, Purpose, issue_code
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.identity_requests import ask, ask_as, code_of, known_by, set_flags, staff
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.identity import DecisionRefusedError, approve_request, read_obstacle, reject_request
from use_cases.merging import merge_customers, undo_merge

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OLD, NEW = "919812300001", "919812300009"
OTHER = "919812300002"


def set_verification(organization: Organization, **asked: object) -> None:
    organization.identity_verification = asked
    organization.save(update_fields=["identity_verification"])


@pytest.fixture
def usha(till: Till) -> Customer:
    return register(till, firstname="Usha", mobile=OTHER)


def approve(request: IdentityRequest, organization: Organization, name: str = "asha") -> IdentityRequest:
    return approve_request(request.pk, by=staff(organization, name))


# --- asking


def test_a_request_waits_and_nothing_changes(till: Till, anna: Customer) -> None:
    with time_machine.travel(NOON, tick=False):
        request = ask(till, "mobile", "9812300001", "9812300009")
    request.refresh_from_db()
    assert (request.customer, request.other, request.type, request.status) == (anna, None, "CHANGE_IDENTIFIER", "PENDING")
    assert (request.kind, request.old_value, request.new_value) == ("mobile", OLD, NEW)
    assert (request.requested_on, request.requested_by, request.source) == (NOON, "till:mgroad.till1", "API")
    assert (request.till, request.store, request.decided_on, request.decided_by) == (till, till.store, None, "")
    assert known_by(anna)["mobile"] == OLD
    entry = AuditEntry.objects.get(object_type="identityrequest")
    assert (entry.action, entry.object_id, entry.new["new_value"], entry.new["status"]) == (
        "requested",
        request.pk,
        NEW,
        "PENDING",
    )


def test_what_refuses_a_till(till: Till, organization: Organization, anna: Customer) -> None:
    register(till, mobile="9812300003", type="NON_LOYALTY")
    register(till, mobile="9812300004", fraud_status="RECONFIRMED")
    assert code_of(till, "mobile", "9812300008", NEW) == 1012
    assert code_of(till, "mobile", "9812300003", NEW) == 1013
    assert code_of(till, "mobile", "9812300004", NEW) == 618
    assert code_of(till, "external_id", "NW-0001", "NW-0002") == 1041
    assert not IdentityRequest.objects.exists()


def test_a_value_is_asked_for_once_at_a_time(till: Till, anna: Customer, usha: Customer) -> None:
    request = ask(till, "mobile", OLD, NEW)
    assert code_of(till, "mobile", OTHER, NEW) == 9028
    assert code_of(till, "mobile", OLD, NEW) == 9028
    reject_request(request.pk, reason="Not proved", by=till_actor(till))
    assert code_of(till, "mobile", OTHER, NEW) == 1040


def test_a_former_identifier_finds_no_customer(till: Till, organization: Organization, anna: Customer) -> None:
    approve(ask(till, "mobile", OLD, NEW), organization)
    assert code_of(till, "mobile", OLD, "9812300007") == 1012
    assert known_by(anna, "FORMER") == {"mobile": OLD}
    approve(ask(till, "mobile", NEW, OLD), organization)
    assert known_by(anna)["mobile"] == OLD


@pytest.mark.parametrize(("kind", "new", "code"), [("mobile", OTHER, 1032), ("email", "usha@example.com", 1016)])
def test_a_taken_value_is_refused_where_accounts_are_never_merged(
    till: Till, organization: Organization, anna: Customer, kind: str, new: str, code: int
) -> None:
    register(till, mobile=OTHER, email="usha@example.com", external_id="NW-0002")
    set_flags(organization, AUTO_MERGE_ON_IDENTIFIER_COLLISION=0, CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE=1)
    assert code_of(till, kind, known_by(anna)[kind], new) == code
    assert code_of(till, "external_id", "NW-0001", "NW-0002") == 1033


def test_a_request_for_a_taken_value_would_merge(till: Till, anna: Customer, usha: Customer) -> None:
    request = ask(till, "mobile", OLD, OTHER)
    assert (request.type, request.other, request.status) == ("MERGE", usha, "PENDING")


def test_the_value_of_a_restricted_customer_cannot_be_asked_for(till: Till, anna: Customer) -> None:
    register(till, mobile=OTHER, fraud_status="CONFIRMED")
    assert code_of(till, "mobile", OLD, OTHER) == 618


def test_a_shared_old_value_names_nobody_and_a_shared_new_one_is_free(till: Till, organization: Organization) -> None:
    set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=0)
    first = register(till, mobile="9812300001", email="family@example.com")
    second = register(till, mobile="9812300002", email="family@example.com")
    register(till, mobile="9812300003", email="third@example.com")
    assert code_of(till, "email", "family@example.com", "x@example.com") == 1012
    Identifier.objects.filter(customer=second, kind="email").update(state="FORMER")
    request = ask(till, "email", "family@example.com", "third@example.com")
    assert (request.customer, request.type) == (first, "CHANGE_IDENTIFIER")
    approve(request, organization)
    assert known_by(first)["email"] == "third@example.com"
    assert Identifier.objects.filter(value="third@example.com", exclusive=False).count() == 2
    assert code_of(till, "email", "nobody@example.com", "x@example.com") == 1012


def test_a_value_from_before_sharing_still_has_its_owner(till: Till, organization: Organization, anna: Customer) -> None:
    set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=0)
    assert ask(till, "email", "anna.rao@example.com", "anna@example.com").customer == anna


@pytest.mark.parametrize(
    ("flag", "kind", "old", "new"),
    [
        ("CI_MOBILE_AUTO_APPROVE", "mobile", OLD, NEW),
        ("CI_EMAIL_AUTO_APPROVE", "email", "anna.rao@example.com", "anna@example.com"),
        ("CI_EXTID_AUTO_APPROVE", "external_id", "NW-0001", "NW-0009"),
    ],
)
def test_the_policy_approves_at_once(
    till: Till, organization: Organization, anna: Customer, flag: str, kind: str, old: str, new: str
) -> None:
    set_flags(organization, **{flag: 1, "CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE": 1})
    with time_machine.travel(NOON, tick=False):
        request = ask(till, kind, old, new)
    request.refresh_from_db()
    assert (request.status, request.decided_by, request.decided_on) == ("APPROVED", f"policy:{flag}", NOON)
    assert (known_by(anna)[kind], known_by(anna, "FORMER")) == (new, {kind: old})
    anna.refresh_from_db()
    assert anna.updated_on == NOON
    entry = AuditEntry.objects.filter(object_type="customer", object_id=anna.pk).first()
    assert entry is not None
    assert (entry.actor, entry.old, entry.new) == ("till:mgroad.till1", {kind: old}, {kind: new})


# --- merging


def test_an_approved_request_for_a_taken_value_merges_its_owner(till: Till, organization: Organization, anna: Customer) -> None:
    usha = register(till, firstname="Usha", mobile=OTHER, email="usha@example.com", external_id="NW-0002")
    request = ask(till, "mobile", OLD, OTHER)
    with time_machine.travel(NOON, tick=False):
        approve(request, organization)
    usha.refresh_from_db()
    anna.refresh_from_db()
    assert (usha.merged_into, anna.merged_into, anna.updated_on) == (anna, None, NOON)
    assert known_by(anna) == {"mobile": OTHER, "email": "anna.rao@example.com", "external_id": "NW-0001"}
    assert known_by(anna, "MERGED") == {"email": "usha@example.com", "external_id": "NW-0002"}
    assert known_by(anna, "FORMER") == {"mobile": OLD}
    merge = Merge.objects.get()
    assert (merge.survivor, merge.victim, merge.reason) == (anna, usha, f"Identity request {request.pk}")
    changes = AuditEntry.objects.filter(object_type="customer", object_id=anna.pk, actor="staff:asha").order_by("pk")
    assert [(change.action, change.new.get("mobile")) for change in changes] == [("updated", OTHER), ("merged", None)]
    assert register(till, mobile=OLD).pk != anna.pk


def test_a_merge_that_was_approved_by_mistake_may_be_undone(
    till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    approve(ask(till, "mobile", OLD, OTHER), organization)
    undo_merge(Merge.objects.get(), reason="Two people after all", by=staff(organization))
    assert (known_by(usha), known_by(anna).get("mobile")) == ({"mobile": OTHER}, None)


def test_the_policy_merges_at_once_as_well(till: Till, organization: Organization, anna: Customer, usha: Customer) -> None:
    set_flags(organization, CI_MOBILE_AUTO_APPROVE=1)
    request = ask(till, "mobile", OLD, OTHER)
    assert (request.status, request.type) == ("APPROVED", "MERGE")
    assert known_by(anna)["mobile"] == OTHER
    usha.refresh_from_db()
    assert usha.merged_into == anna


def test_an_inherited_value_is_taken_from_its_heir_and_nobody_is_merged(
    till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    victim = register(till, mobile="9812300003")
    merge_customers(survivor=usha.pk, victim=victim.pk, by=staff(organization))
    request = ask(till, "mobile", OLD, "9812300003")
    assert (request.type, request.other) == ("CHANGE_IDENTIFIER", None)
    assert read_obstacle(request) == ""
    approve(request, organization)
    assert known_by(anna)["mobile"] == "919812300003"
    assert known_by(usha, "FORMER") == {"mobile": "919812300003"}
    assert Merge.objects.count() == 1


def test_an_inherited_value_becomes_the_customers_own_without_merging(
    till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    merge_customers(survivor=anna.pk, victim=usha.pk, by=staff(organization))
    assert code_of(till, "mobile", OTHER, NEW) == 1012
    request = ask(till, "mobile", OLD, OTHER)
    assert request.type == "CHANGE_IDENTIFIER"
    approve(request, organization)
    assert (known_by(anna)["mobile"], known_by(anna, "MERGED")) == (OTHER, {})


def test_requests_of_a_merged_customer_are_not_moved(
    till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    for_anna, to_ushas = ask(till, "mobile", OLD, NEW), ask(till, "mobile", OLD, OTHER)
    for_usha = ask(till, "mobile", OTHER, "9812300007")
    merge_customers(survivor=usha.pk, victim=anna.pk, by=staff(organization))
    for request in (for_anna, to_ushas):
        with pytest.raises(DecisionRefusedError, match="no longer the customer's mobile"):
            approve(request, organization)
    assert read_obstacle(for_anna) == "+91 98123 00001 is no longer the customer's mobile."
    approve(for_usha, organization)
    assert for_anna.customer == anna


@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
def test_identifiers_of_an_account_that_leaves_do_not_change(
    till: Till, organization: Organization, anna: Customer, usha: Customer, status: str
) -> None:
    waiting, merging = ask(till, "mobile", OLD, NEW), ask(till, "mobile", OTHER, OLD)
    label(anna, CustomerStatusFactory(organization=organization, status=status))
    organization.refresh_from_db()
    assert code_of(till, "mobile", OLD, "9812300011") == 1041
    assert code_of(till, "email", "anna.rao@example.com", "x@example.com") == 1041
    assert code_of(till, "mobile", OTHER, "9812300012") == 1040
    for request in (waiting, merging):
        with pytest.raises(LoyaltyError, match="1041"):
            approve(request, organization)
    assert known_by(anna)["mobile"] == OLD


# --- what must be known


def test_answers_come_before_the_code_and_the_code_before_what_is_pending(
    till: Till, organization: Organization, anna: Customer
) -> None:
    ask(till, "mobile", OLD, NEW)
    set_verification(organization, mandatory=["firstname"], otp=True)
    right = {"verification": {"field": [{"name": "firstname", "value": "anna"}]}}
    code = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(till), now=clock.now()).code
    assert code_of(till, "mobile", OLD, NEW) == 1025
    assert code_of(till, "mobile", OLD, NEW, **right) == 1021
    assert code_of(till, "mobile", OLD, NEW, **right, validation_code=code) == 9028
    assert code_of(till, "mobile", OLD, "9812300007", **right, validation_code=code.lower()) == 1040


def test_a_code_is_used_once(till: Till, organization: Organization, anna: Customer) -> None:
    set_verification(organization, otp=True)
    points = issue_code(anna.pk, purpose=Purpose.POINTS, by=till_actor(till), now=clock.now()).code
    assert code_of(till, "mobile", OLD, NEW, validation_code=points) == 1021
    code = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(till), now=clock.now()).code
    assert code_of(till, "mobile", OLD, NEW, validation_code=code) == 1040
    assert code_of(till, "mobile", OLD, "9812300007", validation_code=code) == 1021


def test_after_five_wrong_codes_the_right_one_is_refused(till: Till, organization: Organization, anna: Customer) -> None:
    set_verification(organization, otp=True)
    code = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(till), now=clock.now()).code
    for _ in range(MOST_TRIES):
        assert code_of(till, "mobile", OLD, NEW, validation_code="WRONG!") == 1021
    assert code_of(till, "mobile", OLD, NEW) == 1021
    assert ValidationCode.objects.get().tries == MOST_TRIES
    assert code_of(till, "mobile", OLD, NEW, validation_code=code) == 1021


def test_a_code_is_good_for_ten_minutes(till: Till, organization: Organization, anna: Customer) -> None:
    set_verification(organization, otp=True)
    with time_machine.travel(NOON, tick=False) as traveller:
        code = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(till), now=clock.now()).code
        traveller.shift(timedelta(minutes=10))
        assert code_of(till, "mobile", OLD, NEW, validation_code=code) == 1021


def test_a_code_that_is_not_asked_for_stays(till: Till, anna: Customer) -> None:
    code = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(till), now=clock.now()).code
    assert code_of(till, "mobile", OLD, NEW, validation_code=code) == 1040
    assert ValidationCode.objects.get().used_at is None


def test_staff_need_not_verify_the_customer(till: Till, organization: Organization, anna: Customer) -> None:
    set_verification(organization, mandatory=["firstname"], otp=True)
    request = ask_as(staff(organization, "robin"), "mobile", OLD, NEW, is_known=True)
    assert (request.requested_by, request.source, request.till) == ("staff:robin", "BACK_OFFICE", None)


# --- deciding


def test_an_approved_request_keeps_the_old_value_as_former(till: Till, organization: Organization, anna: Customer) -> None:
    request = ask(till, "mobile", OLD, NEW)
    with time_machine.travel(NOON, tick=False):
        approve_request(request.pk, by=staff(organization), reason="Seen the passport")
    request.refresh_from_db()
    assert (request.status, request.reason) == ("APPROVED", "Seen the passport")
    assert (request.decided_by, request.decided_on) == ("staff:asha", NOON)
    assert (known_by(anna)["mobile"], known_by(anna, "FORMER")) == (NEW, {"mobile": OLD})
    of_request, of_customer = AuditEntry.objects.filter(actor="staff:asha").order_by("pk")
    assert (of_request.action, of_request.new) == ("approved", {"status": "APPROVED", "reason": "Seen the passport"})
    assert (of_customer.object_id, of_customer.new) == (anna.pk, {"mobile": NEW})


def test_approving_twice_is_approving_once(till: Till, organization: Organization, anna: Customer) -> None:
    request = ask(till, "mobile", OLD, NEW)
    approve(request, organization)
    again = approve(request, organization, "bela")
    assert (again.status, again.decided_by) == ("APPROVED", "staff:asha")
    assert AuditEntry.objects.filter(action="approved").count() == 1
    with pytest.raises(DecisionRefusedError, match="is already approved"):
        reject_request(request.pk, reason="Changed my mind", by=staff(organization))


def test_staff_withdraw_but_not_approve_their_own_requests(organization: Organization, anna: Customer) -> None:
    request = ask_as(staff(organization), "mobile", OLD, NEW, is_known=True)
    with pytest.raises(DecisionRefusedError, match="Another user"):
        approve(request, organization)
    assert reject_request(request.pk, reason="Mistyped", by=staff(organization)).status == "REJECTED"


def test_a_rejected_request_changes_nothing_and_stays_rejected(till: Till, organization: Organization, anna: Customer) -> None:
    request = ask(till, "mobile", OLD, NEW)
    reject_request(request.pk, reason="Not proved", by=staff(organization))
    again = reject_request(request.pk, reason="Another reason", by=staff(organization, "bela"))
    assert (again.status, again.reason, again.decided_by) == ("REJECTED", "Not proved", "staff:asha")
    with pytest.raises(DecisionRefusedError, match="is already rejected"):
        approve(request, organization)
    assert known_by(anna)["mobile"] == OLD


def test_what_was_true_when_it_was_asked_must_be_true_when_it_is_approved(
    till: Till, organization: Organization, anna: Customer, usha: Customer
) -> None:
    to_a_free_one = ask(till, "mobile", OLD, NEW)
    to_ushas = ask(till, "mobile", OLD, OTHER)
    register(till, mobile=NEW)
    approve(ask(till, "mobile", OTHER, "9812300007"), organization)
    for request in (to_a_free_one, to_ushas):
        with pytest.raises(DecisionRefusedError, match="belong"):
            approve(request, organization)
    approve(ask(till, "mobile", OLD, "9812300008"), organization)
    with pytest.raises(DecisionRefusedError, match=r"\+91 98123 00001 is no longer the customer's mobile"):
        approve(to_a_free_one, organization)
    assert set(IdentityRequest.objects.filter(status="PENDING")) == {to_a_free_one, to_ushas}


def test_what_refuses_a_till_refuses_an_approval_as_well(till: Till, organization: Organization, anna: Customer) -> None:
    set_flags(organization, CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE=1)
    request = ask(till, "external_id", "NW-0001", "NW-0002")
    set_flags(organization, CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE=0)
    with pytest.raises(LoyaltyError, match="1041"):
        approve(request, organization)
    Customer.objects.filter(pk=anna.pk).update(fraud_status="CONFIRMED")
    with pytest.raises(LoyaltyError, match="618"):
        approve(request, organization)


def test_requests_of_another_organization_are_not_approved(till: Till, anna: Customer, stranger: Till) -> None:
    request = ask(till, "mobile", OLD, NEW)
    with organization_scope(stranger.organization), pytest.raises(IdentityRequest.DoesNotExist):
        approve(request, stranger.organization)


@pytest.mark.parametrize(
    "change", ["UPDATE customers_identityrequest SET decided_by = 'x'", "DELETE FROM customers_identityrequest"]
)
def test_the_database_keeps_decided_requests(till: Till, organization: Organization, anna: Customer, change: str) -> None:
    approve(ask(till, "mobile", OLD, NEW), organization)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_asking_and_approving_cost_what_they_cost(
    till: Till, organization: Organization, anna: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # a savepoint (2), the fields, the values' lock, their owners, the customers' lock, identifiers, what is pending, 2 inserts
    with django_assert_num_queries(10):
        request = ask(till, "mobile", OLD, NEW)
    # a savepoint (2), the request (2), whether the customer is merged, 4 as above, and 6 writes, 2 of identifiers, 2 of audits
    with django_assert_num_queries(15):
        approve(request, organization)
