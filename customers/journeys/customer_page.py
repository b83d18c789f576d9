"""What do the other apps show on a customer's page in the back office? Their panels, in order (docs/back-office.md)."""

from collections.abc import Sequence
from typing import Protocol

from customers.models import Customer
from organizations.back_office.panels import Panel
from organizations.models import Organization, StaffMember
from subscriptions.panels import consents_panel


class CustomerPanel(Protocol):
    """Makes an app's panel about a customer of `organization`; None where `seen_by` may not see it."""

    def __call__(self, customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Panel | None: ...


PANELS: Sequence[CustomerPanel] = (consents_panel,)


def panels_of(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> list[Panel]:
    """The panels about a customer that `seen_by` may see."""
    panels = (panel(customer, organization=organization, seen_by=seen_by) for panel in PANELS)
    return [panel for panel in panels if panel is not None]
