"""Reading and verifying requested changes of identifiers (docs/protocol.md 4.3)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from customers.identifiers.models import Identifier
from customers.identity_requests.rules import (
    auto_approval_policy,
    check_answers,
    check_customer,
    may_change,
    read_change,
    read_item,
)
from customers.profile.models import Customer
from customers.registration.context import InputContext
from customers.registration.state import CustomerState
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy
from organizations.tenancy.models import Organization

Kind = Identifier.Kind
OLD, NEW = "919800000001", "919800000002"
FIELDS = [
    FieldDefinition(pk=1, category="custom", name="city", type="text", is_active=True),
    FieldDefinition(pk=2, category="extended", name="dob", type="date", is_active=True),
    FieldDefinition(pk=3, category="custom", name="size", type="number", is_active=True),
    FieldDefinition(pk=4, category="custom", name="gone", type="text", is_active=False),
    FieldDefinition(pk=5, category="preference", name="colour", type="text", is_active=True),
    FieldDefinition(pk=6, category="extended", name="city", type="text", is_active=True),
]


def context(policy: Policy | None = None, **asked: object) -> InputContext:
    organization = Organization(base_country="IN", countries=["GB"], identity_verification=asked)
    return InputContext(
        organization=organization, policy=policy or Policy(), now=datetime(2026, 1, 1, tzinfo=UTC), fields=FIELDS
    )


def anna() -> CustomerState:
    customer = Customer(firstname="Anna", lastname="Rao", field_values={"1": "Pune", "2": "1990-02-01", "3": "41"})
    return CustomerState(customer=customer, identifiers={"mobile": OLD, "external_id": "NW-1"})


def refusal(item: dict[str, Any], **more: Any) -> Code:
    with pytest.raises(LoyaltyError) as caught:
        read_item(item, context(**more))
    assert isinstance(caught.value.code, Code)
    return caught.value.code


def verify(answers: dict[str, str], **asked: object) -> int:
    """The code that the answers are refused with; 0 for none."""
    try:
        check_answers(list(answers.items()), anna(), context(**asked))
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0


# --- what is asked for


@pytest.mark.parametrize("keys", [("old_value", "new_value"), ("old_identifier", "new_identifier")])
def test_a_request_is_read_in_canonical_form(keys: tuple[str, str]) -> None:
    old, new = keys
    item = {"identifier": "Mobile", old: "+91 98000-00001", new: "9800000002", "validation_code": " AB12CD ",
            "verification": {"field": [{"name": "firstname", "value": "Anna"}]}}  # fmt: skip
    wish = read_item(item, context())
    assert (wish.kind, wish.old_value, wish.new_value) == (Kind.MOBILE, OLD, NEW)
    assert (wish.validation_code, list(wish.answers)) == ("AB12CD", [("firstname", "Anna")])


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"old_value": OLD, "new_value": NEW}, 1041),
        ({"identifier": "passport", "old_value": OLD, "new_value": NEW}, 1041),
        ({"identifier": "mobile"}, 1041),
        ({"identifier": "mobile", "old_value": "12ab", "new_value": "12ab"}, 1041),
        ({"identifier": "mobile", "old_value": OLD, "new_value": "98000 00001"}, 1041),
        ({"identifier": "email", "old_value": "A@example.com", "new_value": "a@example.com"}, 1041),
        ({"identifier": "passport", "old_value": OLD, "new_value": "12ab"}, 1041),
        ({"identifier": "mobile", "old_value": OLD}, 1042),
        ({"identifier": "mobile", "new_value": NEW}, 1042),
        ({"identifier": "mobile", "old_value": OLD, "new_value": "12ab"}, 1042),
        ({"identifier": "mobile", "old_value": "12ab", "new_value": NEW}, 1042),
        ({"identifier": "email", "old_value": "a@example.com", "new_value": "b@"}, 1042),
        ({"identifier": "external_id", "old_value": "A", "new_value": "x" * 251}, 1042),
        ({"identifier": {"a": "b"}, "old_value": OLD, "new_value": NEW}, 400),
    ],
)
def test_an_invalid_request_is_refused(item: dict[str, Any], code: int) -> None:
    assert refusal(item) == code


def test_only_the_new_external_id_has_to_match_the_pattern() -> None:
    policy = Policy(external_id_pattern=r"NW-\d+")
    wish = read_change("external_id", "old form", "NW-7", context=context(policy))
    assert (wish.old_value, wish.new_value) == ("old form", "NW-7")
    assert refusal({"identifier": "external_id", "old_value": "NW-7", "new_value": "x"}, policy=policy) == 1042


# --- whose identifiers may change


@pytest.mark.parametrize(
    ("customer", "code"),
    [
        (Customer(type="NON_LOYALTY", fraud_status="CONFIRMED"), Code.NOT_LOYALTY),
        (Customer(type="NOT_INTERESTED"), Code.NOT_LOYALTY),
        (Customer(fraud_status="INTERNAL"), Code.FRAUD),
    ],
)
def test_non_loyalty_and_fraud_customers_cannot_change_identifiers(customer: Customer, code: Code) -> None:
    with pytest.raises(LoyaltyError) as caught:
        check_customer(customer, Policy())
    assert caught.value.code == code


def test_a_marked_member_may_change_identifiers() -> None:
    check_customer(Customer(fraud_status="MARKED"), Policy())


# --- what must be known


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, 0),
        ({"firstname": "Stranger"}, 0),
        ({"shoe": "44"}, 1027),
        ({"gone": "x"}, 1027),
        ({"colour": "red"}, 1027),
        ({"": "x"}, 1027),
    ],
)
def test_without_verification_only_unknown_fields_are_refused(answers: dict[str, str], code: int) -> None:
    assert verify(answers) == code


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"firstname": "ANNA", "Lastname": "rao"}, 0),
        ({"firstname": "Anna", "external_id": "nw-1"}, 0),
        ({"firstname": "Anna", "lastname": "Wrong", "external_id": "NW-1"}, 0),
        ({"firstname": "Anna", "lastname": "Wrong"}, 1026),
        ({"firstname": "Anna"}, 1026),
        ({"firstname": "Bea", "lastname": "Rao"}, 1025),
        ({"lastname": "Rao", "external_id": "NW-1"}, 1025),
        ({"firstname": "Bea", "shoe": "44"}, 1027),
    ],
)
def test_mandatory_and_enough_optional_answers_must_match(answers: dict[str, str], code: int) -> None:
    assert verify(answers, mandatory=["firstname"], optional=["lastname", "external_id"], optional_matches=1) == code


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("mobile", "98000 00001", 0),
        ("mobile", "9800000009", 1025),
        ("mobile", "x", 1025),
        ("email", "anna@example.com", 1025),  # none is stored
        ("email", "", 1025),
        ("city", "PUNE", 0),
        ("City", "pune", 0),
        ("city", "Goa", 1025),
        ("dob", "1990/2/1", 0),
        ("dob", "soon", 1025),
        ("size", "41.0", 0),
    ],
)
def test_answers_are_compared_as_they_are_stored(name: str, answer: str, code: int) -> None:
    assert verify({name: answer}, mandatory=[name.lower()]) == code


def test_an_inactive_mandatory_field_refuses_everyone() -> None:
    assert verify({}, mandatory=["gone"]) == Code.VERIFICATION_MANDATORY_MISMATCH
    assert verify({}, optional=["gone"], optional_matches=1) == Code.VERIFICATION_TOO_FEW_MATCHES


# --- what the policy says


def test_external_ids_change_only_where_they_are_used_and_may_change() -> None:
    assert may_change(Kind.MOBILE, Policy(mobile_update=False))
    assert may_change(Kind.EMAIL, Policy(email_update=False))
    assert not may_change(Kind.EXTERNAL_ID, Policy())
    assert may_change(Kind.EXTERNAL_ID, Policy(external_id_update=True))
    assert not may_change(Kind.EXTERNAL_ID, Policy(external_id_update=True, uses_external_id=False))


def test_each_kind_has_a_policy_of_automatic_approval() -> None:
    assert [auto_approval_policy(kind, Policy()) for kind in Kind] == ["", "", ""]
    policy = Policy(mobile_auto_approve=True, email_auto_approve=True, external_id_auto_approve=True)
    flags = ["CI_MOBILE_AUTO_APPROVE", "CI_EMAIL_AUTO_APPROVE", "CI_EXTID_AUTO_APPROVE"]
    assert [auto_approval_policy(kind, policy) for kind in Kind] == flags
