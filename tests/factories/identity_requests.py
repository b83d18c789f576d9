"""Requests to change identifiers, for tests: as a till asks, and as staff decide."""

from typing import Any

from django.db import transaction

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import read_item
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from loyalty_project.api.batch import run_batch
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.outcomes import Done
from organizations.audit.actors import Actor, staff_actor
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import till_actor
from use_cases.identity import request_change


def ask(till: Till, kind: str, old: str, new: str, **more: Any) -> IdentityRequest:
    """A till asks, in the organization's scope and a transaction of its own. Raises what refuses it."""
    return ask_as(till_actor(till), kind, old, new, **more)


def ask_as(by: Actor, kind: str, old: str, new: str, *, is_known: bool = False, **more: Any) -> IdentityRequest:
    item = {"identifier": kind, "old_value": old, "new_value": new, **more}
    with organization_scope(by.organization), transaction.atomic():
        context = load_input_context([item], by=by)
        return request_change(read_item(item, context), context=context, by=by, is_known=is_known)


def code_of(till: Till, kind: str, old: str, new: str, **more: Any) -> int:
    """The item code that a till's wish is answered with; what a refusal counted is kept."""
    by = till_actor(till)
    item = {"identifier": kind, "old_value": old, "new_value": new, **more}

    def work(item: dict[str, Any]) -> Done:
        context = load_input_context([item], by=by)
        request_change(read_item(item, context), context=context, by=by)
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
