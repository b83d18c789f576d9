"""Codes and sentences of refused work."""

import pytest
from django.db import Error, IntegrityError, OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure, UniqueViolation

from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import LoyaltyError
from organizations.back_office.refusals import refusal_of, sentence_of
from organizations.tenancy.models import Organization
from tests.factories.organizations import OrganizationFactory


def caused(error: Error, cause: BaseException) -> Error:
    error.__cause__ = cause
    return error


def test_rules_and_locks_refuse_with_their_codes() -> None:
    assert refusal_of(LoyaltyError(Code.FRAUD), {}) == Code.FRAUD
    for cause in (LockNotAvailable(), SerializationFailure()):
        assert refusal_of(caused(OperationalError(), cause), {}) == Transport.BUSY
    assert sentence_of(Transport.BUSY) == (
        'Another action is running for this customer. Try again in a moment. <small class="bo-code">(521)</small>'
    )


@pytest.mark.django_db
def test_a_broken_constraint_refuses_with_the_code_of_its_name(organization: Organization) -> None:
    with pytest.raises(IntegrityError) as caught:
        OrganizationFactory(code=organization.code, with_program=True)
    (name,) = {caught.value.__cause__.diag.constraint_name}  # type: ignore[union-attr]
    assert refusal_of(caught.value, {name: Code.ALREADY_REGISTERED}) == Code.ALREADY_REGISTERED
    with pytest.raises(IntegrityError):
        refusal_of(caught.value, {})


@pytest.mark.parametrize(
    "error",
    [OperationalError("gone"), caused(OperationalError(), DeadlockDetected()), caused(IntegrityError(), UniqueViolation())],
)
def test_anything_else_is_raised_again(error: Error) -> None:
    with pytest.raises(type(error)):
        refusal_of(error, {})
