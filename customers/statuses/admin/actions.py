"""What do staff think of a customer? The page on which they give a label, for a reason."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from customers.profile.models import Customer
from customers.statuses.admin.form import StatusForm
from customers.statuses.admin.status import told_blocks
from customers.statuses.models import CustomerStatus
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of, member_of, organization_of, work_for
from organizations.back_office.pages import page_action, page_of


class StatusActions(BackOfficeAdmin):
    """The page beside the customer's own; part of the room of customers."""

    actions_detail: Sequence[str] = ("judge",)

    def has_judge_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as Django's has_..._permission
        """Whether whoever is logged in may change the status of customers, where the organization has statuses."""
        organization = organization_of(request)
        return organization is not None and organization.policy.lifecycle_status and may_set_status(request)

    @page_action("Change status", address="status", icon="gavel", permission="judge")
    def judge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which a customer gets a label, for a reason."""
        customer: Customer | None = self.get_object(request, unquote(object_id))
        if customer is None:
            return self.answer_unknown(request, object_id)
        if customer.merged_into_id is not None:
            return HttpResponseRedirect(reverse("admin:customers_customer_judge", args=[customer.merged_into_id]))
        organization = self.organization_behind(customer)
        with work_for(request, organization):
            if not self.has_judge_permission(request, customer):
                raise PermissionDenied
            form = StatusForm(request.POST or None, customer=customer, actor=actor_of(request, organization))
            back = page_of(customer)
            if request.method == "POST" and form.is_valid() and form.save():
                messages.success(request, form.told())
                return HttpResponseRedirect(back)
            return self.answer_page(
                request,
                "back_office/judge_customer.html",
                title=f"Change status: {customer}",
                original=customer,
                back=back,
                labels=[(one, told_blocks(one)) for one in CustomerStatus.objects.filter(is_active=True)],
                form=form,
            )


def may_set_status(request: HttpRequest) -> bool:
    """Whether whoever is logged in may say what is to be thought of customers."""
    return member_of(request).has_perm("customers.judge_fraud")
