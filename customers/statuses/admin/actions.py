"""The page on which staff set a customer's lifecycle status."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from customers.profile.models import Customer
from customers.statuses.admin.form import StatusForm
from customers.statuses.admin.status import block_labels
from customers.statuses.models import CustomerStatus
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import is_in_sight, name_of
from organizations.back_office.current_user import actor_of, member_of, organization_of
from organizations.back_office.pages import page_of, row_page
from organizations.back_office.tables import Table, strong, table


class StatusActions(BackOfficeAdmin):
    """The page *Change status* of a customer."""

    actions_detail: Sequence[str] = ("set_status",)

    def has_set_status_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user may set the status of customers and the organization has lifecycle statuses."""
        organization = organization_of(request)
        return organization is not None and organization.policy.lifecycle_status and may_set_status(request)

    @row_page("Change status", address="status", icon="gavel", permission="set_status")
    def set_status(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that sets the status of a customer; of a merged customer, that of the survivor."""
        survivor = customer.merged_into
        if survivor is not None:
            if not is_in_sight(survivor):
                messages.warning(
                    request, gettext("This customer was merged into %(survivor)s.") % {"survivor": name_of(survivor)}
                )
                return HttpResponseRedirect(page_of(customer))
            return HttpResponseRedirect(reverse("admin:customers_customer_set_status", args=[survivor.pk]))
        actor = actor_of(request, self.organization_behind(customer))
        form = StatusForm(request.POST or None, customer=customer, actor=actor)
        if form.run():
            messages.success(request, form.summary())
            return HttpResponseRedirect(page_of(customer))
        return self.answer_page(
            request,
            "back_office/set_status.html",
            title=gettext("Change status: %(customer)s") % {"customer": customer},
            original=customer,
            statuses=_statuses_table(),
            form=form,
            submit=gettext("Change status"),
        )


def _statuses_table() -> Table:
    rows = [
        (status.label, status.get_status_display(), ", ".join(block_labels(status)) or "nothing")
        for status in CustomerStatus.objects.filter(is_active=True)
    ]
    columns = (strong("Name"), gettext("Status"), gettext("Forbids"))
    return table("What each status forbids", columns, rows, empty="The organization has no statuses.")


def may_set_status(request: HttpRequest) -> bool:
    """True if the current user may set fraud status and lifecycle status of customers."""
    return member_of(request).has_perm("customers.judge_fraud")
