"""What staff do for one customer: the pages behind the buttons of the customer's page, which open as dialogs there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from customers.profile.models import Customer
from engagement.adjustments.admin.goodwill import GoodwillForm, accounts_of
from engagement.adjustments.staff import limit_for, may_adjust
from engagement.earning.admin.simulate import SimulateForm
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of
from organizations.back_office.pages import page_of, permission_check, row_view
from organizations.back_office.stores import stores_for

# The pages: their part of the address, which is also the name `customers_customer_...` and the method.
PAGES = ("goodwill", "simulate_bill")


class CustomerActions(BackOfficeAdmin):
    """The pages of actions on a customer."""

    def get_urls(self) -> list[URLPattern]:
        return [
            *(
                path(
                    f"<path:object_id>/{name.replace('_', '-')}/",
                    self.admin_site.admin_view(getattr(self, name)),
                    name=f"customers_customer_{name}",
                )
                for name in PAGES
            ),
            *super().get_urls(),
        ]

    # --- points

    def has_goodwill_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user adjusts points."""
        return may_adjust(request)

    @row_view("goodwill")
    def goodwill(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that gives or takes points for one of the usual reasons."""
        accounts = accounts_of(customer)
        if not accounts:
            return self._leave(request, customer, "has no points: only members of a program have.")
        organization = self.organization_behind(customer)
        chosen = request.POST.get("account_id", "")
        form = GoodwillForm(
            request.POST or None,
            account=next((account for account in accounts if str(account.pk) == chosen), accounts[0]),
            accounts=accounts,
            by=actor_of(request, organization),
            limit=limit_for(request, organization),
        )
        if form.run():
            form.report(request, customer)
            return HttpResponseRedirect(page_of(customer))
        return self.answer_page(
            request,
            "back_office/adjust_points.html",
            title=f"Goodwill: {customer}",
            original=customer,
            account=form.account,
            balance=form.worth(form.account.balance),
            form=form,
            submit="Adjust points",
        )

    # --- bills

    has_simulate_permission = permission_check("engagement.view_bill")

    @row_view("simulate")
    def simulate_bill(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that shows what a bill would earn. Its address may have the amount, day and store to begin with."""
        organization = self.organization_behind(customer)
        form = SimulateForm(
            request.POST or None,
            initial={name: request.GET[name] for name in ("amount", "day", "store") if name in request.GET},
            customer=customer,
            organization=organization,
            stores=stores_for(request),
        )
        form.run()
        return self.answer_page(
            request,
            "back_office/action.html",
            title=f"Simulate a bill: {customer}",
            original=customer,
            form=form,
            submit="Simulate",
            intro="What would this bill earn, by the rules of the day and the customer’s tier? Nothing is recorded.",
        )

    # --- answers

    def _leave(self, request: HttpRequest, customer: Customer, why: str) -> HttpResponse:
        """Back to the customer's page, with a message."""
        messages.warning(request, f"{customer} {why}")
        return HttpResponseRedirect(page_of(customer))
