"""What staff do for one customer: the pages behind the buttons of the customer's page, which open as dialogs there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from customers.profile.models import Customer
from engagement.adjustments.admin.goodwill import GoodwillForm, accounts_of
from engagement.adjustments.staff import limit_for, may_adjust
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of
from organizations.back_office.pages import page_of, row_view

# The pages: their part of the address, which is also the name `customers_customer_...` and the method.
PAGES = ("goodwill",)


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

    # --- answers

    def _leave(self, request: HttpRequest, customer: Customer, why: str) -> HttpResponse:
        """Back to the customer's page, with a message."""
        messages.warning(request, f"{customer} {why}")
        return HttpResponseRedirect(page_of(customer))
