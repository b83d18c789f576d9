"""Erasing a person's data, and exporting it: all that the apps hold about one customer (docs/back-office.md).

The rows of each app are listed in its `personal_data.py`. Bills, points and other totals stay, without the person.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from customers.erasure.models import Erasure
from customers.erasure.services import certify, mark_erased, person_of
from customers.personal_data import CUSTOMER_ROWS
from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.webhook_events import announce_erased
from engagement.personal_data import ENGAGEMENT_ROWS
from loyalty_project import clock
from loyalty_project.protocol.moments import write_moment
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.fields.models import FieldDefinition
from organizations.imports.erasing import empty_files, empty_rejected_rows
from organizations.personal_data import ORGANIZATION_ROWS, Person, PersonalRows, empty_audit, empty_personal, read_personal
from organizations.staff.reach import OutOfReachError
from referrals.personal_data import REFERRAL_ROWS
from subscriptions.personal_data import SUBSCRIPTION_ROWS
from tickets.personal_data import TICKET_ROWS
from webhooks.erasing import forget_customers

ERASE_PERMISSION: Final = "customers.erase_customer"
EXPORT_PERMISSION: Final = "customers.export_customer"
# Rows that name others by their customer are emptied before the rows that hold the customer.
PERSONAL_ROWS: Final[tuple[PersonalRows, ...]] = (
    *ORGANIZATION_ROWS, *REFERRAL_ROWS, *TICKET_ROWS, *ENGAGEMENT_ROWS, *SUBSCRIPTION_ROWS, *reversed(CUSTOMER_ROWS),
)  # fmt: skip
_ANSWERS: Final = "field_values"
AUDIT: Final = "Audit entries"
EVENTS: Final = "Webhook events"
REJECTED: Final = "Rows that unfinished imports rejected"
FILES: Final = "Rows of uploaded files"


class ErasureRefusedError(ValueError):
    """The customer cannot be erased. The text is the reason, for users. Nothing has changed."""


def _nothing_more(_values: Sequence[str]) -> None:
    """The default of what else is done before an erasure is committed."""


@transaction.atomic
def erase_customer(
    customer_id: int, *, basis: str, by: Actor, before_commit: Callable[[list[str]], None] = _nothing_more
) -> Erasure:
    """Empty all personal data of a customer and of those merged into it, for good; `basis` names the reason, without names.

    Returns the certificate. Locks the customers. `before_commit` gets the values that identified the person, to erase them
    outside the database; if it raises, nothing is erased. Erasing again changes nothing: the first certificate is returned.

    Raises `ErasureRefusedError` for an unknown or a merged customer, `OutOfReachError` for a member of staff who may not, and
    errors as `lock_customers`.
    """
    known = Customer.objects.filter(pk=customer_id).first()
    if known is None:
        raise ErasureRefusedError(f"There is no customer {customer_id}.")
    if known.merged_into_id is not None:
        raise ErasureRefusedError(f"Customer {customer_id} was merged into customer {known.merged_into_id}: erase that one.")
    merged = person_of(known).customers[1:]
    customer = lock_customers([customer_id], merged=merged, may_be_erased=True)[customer_id]
    if not (by.may(ERASE_PERMISSION) and by.covers(customer.registered_store_id)):
        raise OutOfReachError
    if customer.erased_at is not None:
        return Erasure.objects.get(customer=customer)
    person = person_of(customer)
    if list(person.customers[1:]) != list(merged):
        raise ErasureRefusedError("Another customer was merged into this one meanwhile. Try again.")
    emptied = empty_person(person)
    # At once, whether or not the transaction is committed: the rows are copies of what staff have in files of their own.
    if rows := empty_files(by.organization.pk, person.values):
        emptied[FILES] = rows
    now = clock.now()
    mark_erased(person, now=now)
    certificate = certify(customer, merged=merged, emptied=emptied, basis=basis, by=by, now=now)
    erased = {"certificate": certificate.pk}
    record_changes(
        [Change(action="erased", object_type="customer", object_id=pk, new=erased) for pk in person.customers], by=by
    )
    announce_erased(person.customers, certificate=certificate.pk, organization=by.organization)
    before_commit(list(person.values))
    return certificate


def empty_person(person: Person) -> dict[str, int]:
    """Empty all rows about these customers, who may be several people; numbers of rows by the names of their places.

    Places without any are left out. Call it under the customers' locks, in a transaction.
    """
    emptied = {AUDIT: empty_audit(PERSONAL_ROWS, person)}
    emptied[REJECTED] = empty_rejected_rows(person.values)
    emptied |= {rows.name: empty_personal(rows, person) for rows in PERSONAL_ROWS}
    # After the outbox: a message that was being sent has announced its event by now, or never will.
    emptied[EVENTS] = forget_customers(person.customers)
    return {place: rows for place, rows in emptied.items() if rows}


def export_customer(customer_id: int, *, by: Actor) -> Mapping[str, Any]:
    """Everything that is stored about a customer and those merged into it, by the names of its places: for the person.

    Raises as `erase_customer`. One query for each place.
    """
    customer = Customer.objects.filter(pk=customer_id, merged_into=None).first()
    if customer is None:
        raise ErasureRefusedError(f"There is no customer {customer_id}, or it was merged into another one.")
    if not (by.may(EXPORT_PERMISSION) and by.covers(customer.registered_store_id)):
        raise OutOfReachError
    person = person_of(customer)
    exported = [rows for rows in reversed(PERSONAL_ROWS) if rows.is_exported]
    names = {str(pk): name for pk, name in FieldDefinition.objects.values_list("pk", "name")}
    places = {rows.name: [_with_names(row, names) for row in read_personal(rows, person)] for rows in exported}
    return {
        "organization": by.organization.name,
        "customer": customer_id,
        "exported_at": write_moment(clock.now(), by.organization.zone),
        "data": {place: rows for place, rows in places.items() if rows},
    }


def _with_names(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A row whose answers to fields are named by their fields, in place of the fields' ids."""
    answers = row.get(_ANSWERS)
    return {**row, _ANSWERS: {names.get(pk, pk): answer for pk, answer in answers.items()}} if answers else row
