"""What the page of a customer shows beside what other apps bring: banners, buttons, and the tab *Profile*."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from customers.profile.admin.tables import customer_tables
from customers.profile.models import Customer
from customers.statuses.admin.status import forbidden_labels
from customers.statuses.rules import label_of
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label, value_label
from organizations.back_office.tables import Table, cell
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy
from organizations.staff.models import StaffMember
from organizations.staff.sight import shown_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """A warning above the page: a title, what it means in a sentence, and in small print who set it and why."""

    title: str
    sentence: Any
    small_print: str = ""
    tone: str = "bad"


def banners_of(customer: Customer, policy: Policy) -> list[Banner]:
    """What staff must know first: merged, erased, or a status that forbids something."""
    banners = []
    survivor = customer.merged_into
    if survivor is not None:
        link = link_to(survivor, gettext("%(survivor)s, customer %(id)s") % {"survivor": survivor, "id": survivor.pk})
        banners.append(
            Banner(title=gettext("Merged into"), sentence=link, small_print=gettext("Points, bills and cards are there now."))
        )
    if customer.erased_at is not None:
        banners.append(
            Banner(
                title=gettext("Personal data erased"),
                sentence=gettext("On %(erased_at)s.") % {"erased_at": cell(customer.erased_at)},
            )
        )
    elif status := _status_banner(customer, policy):
        banners.append(status)
    return banners


def _status_banner(customer: Customer, policy: Policy) -> Banner | None:
    label, forbidden = label_of(customer, policy), forbidden_labels(customer, policy)
    if label is not None:
        title, reason = str(label), customer.status_reason
        changed_on, changed_by = customer.status_changed_on, customer.status_changed_by
    elif customer.fraud_status not in {Customer.FraudStatus.NONE, Customer.FraudStatus.NOT_FRAUD}:
        title, reason = (
            gettext("Fraud: %(fraud_status)s") % {"fraud_status": customer.get_fraud_status_display()},
            customer.fraud_reason,
        )
        changed_on, changed_by = customer.fraud_marked_on, customer.fraud_marked_by
    else:
        return None
    known = (cell(changed_on) if changed_on else "", actor_label(changed_by), f"“{reason}”" if reason else "")
    return Banner(
        title=title,
        sentence=gettext("Forbidden: %(forbidden)s.") % {"forbidden": ", ".join(forbidden)}
        if forbidden
        else gettext("Nothing is forbidden."),
        small_print=" · ".join(filter(None, known)),
        tone="bad" if forbidden else "",
    )


def facts_of(customer: Customer, definitions: Iterable[FieldDefinition], policy: Policy) -> list[tuple[str, Any]]:
    """The columns and field values of the tab *Profile*, with their names."""
    label = label_of(customer, policy)
    store, till = customer.registered_store, customer.registered_till
    facts: list[tuple[str, Any]] = [
        (gettext("Customer id"), str(customer.pk)),
        (gettext("Type"), str(customer.get_type_display())),
        (gettext("Registered on"), timezone.localtime(customer.registered_on).strftime("%Y-%m-%d %H:%M")),
        (gettext("Registered at"), f"{store} ({till})" if till else store),
        (gettext("Source"), customer.source),
        (gettext("Last updated"), customer.updated_on),
        (gettext("Status"), str(label) if label else ""),
        (
            gettext("Status set"),
            f"{cell(customer.status_changed_on)} {actor_label(customer.status_changed_by)}" if label else "",
        ),
        (gettext("Reason"), customer.status_reason if label else customer.fraud_reason),
        (gettext("Preferred store"), customer.preferred_store),
        (gettext("Associated till"), customer.associated_till),
        (gettext("Do-not-call registry"), str(customer.get_ndnc_status_display())),
        (gettext("Test or control group"), str(customer.get_test_control_status_display())),
    ]
    values = [
        (definition.name, shown_value(value_label(value), customer_id=customer.pk))
        for definition in definitions
        if (value := customer.value_of(definition.pk)) is not None
    ]
    return [(name, cell(value)) for name, value in [*facts, *values] if value]


def profile_tables(customer: Customer, *, user: StaffMember) -> Sequence[Table]:
    """The tables of the tab *Profile* about the customer: cards, segments, groups, profiles and channels."""
    return customer_tables(customer, cards=list(customer.cards.select_related("series").order_by("-pk")), user=user)
