"""Requests to change identifiers, for tests: as a till asks, and as staff decide."""

from typing import Any

from django.db import transaction

from customers.identity_changes import read_item
from customers.journeys.identity import request_change
from customers.models import Customer, Identifier, IdentityRequest
from customers.services.setup import load_setup
from loyalty_project.api.batch import Done, run_batch
from loyalty_project.api.codes import Code
from organizations.actors import Actor, staff_actor
from organizations.models import Organization, StaffMember, Till
from organizations.scoping import organization_scope
from tests.factories import till_actor


def ask(till: Till, kind: str, old: str, new: str, **more: Any) -> IdentityRequest:
    """A till asks, in the organization's scope and a transaction of its own. Raises what refuses it."""
    return ask_as(till_actor(till), kind, old, new, **more)


def ask_as(by: Actor, kind: str, old: str, new: str, *, is_known: bool = False, **more: Any) -> IdentityRequest:
    item = {"identifier": kind, "old_value": old, "new_value": new, **more}
    with organization_scope(by.organization), transaction.atomic():
        setup = load_setup([item], by=by)
        return request_change(read_item(item, setup), setup=setup, by=by, is_known=is_known)


def code_of(till: Till, kind: str, old: str, new: str, **more: Any) -> int:
    """The item code that a till's wish is answered with; what a refusal counted is kept."""
    by = till_actor(till)
    item = {"identifier": kind, "old_value": old, "new_value": new, **more}

    def work(one: dict[str, Any]) -> Done:
        setup = load_setup([one], by=by)
        request_change(read_item(one, setup), setup=setup, by=by)
        return Done(body={}, message="", code=Code.IDENTITY_CHANGE_REQUESTED)

    with organization_scope(till.organization):
        (outcome,) = run_batch([item], work, echo=lambda _: {}, fallback=Code.ALL_FAILED, constraints={})
    return int(outcome.body["item_status"]["code"])


def staff(organization: Organization, name: str = "asha") -> Actor:
    """A member of staff who may decide."""
    return staff_actor(StaffMember(username=name), organization)


def set_flags(organization: Organization, **flags: object) -> None:
    organization.flags = flags
    organization.save(update_fields=["flags"])


def known_by(customer: Customer, state: str = "CURRENT") -> dict[str, str]:
    """The customer's identifiers by kind."""
    rows = Identifier.objects.filter(customer=customer, state=state)
    return dict(rows.values_list("kind", "value"))
