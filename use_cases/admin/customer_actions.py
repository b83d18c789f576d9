"""What staff do for one customer: the pages behind the buttons of the customer's page, which open as dialogs there."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_noop

from customers.profile.admin.name_form import NameForm
from customers.profile.models import Customer
from engagement.adjustments.accounts import accounts_of
from engagement.adjustments.admin.goodwill import GoodwillForm
from engagement.adjustments.staff import limit_for, may_adjust
from engagement.bills.admin.record import RecordBillForm
from engagement.coupons.admin.forms import CustomerCouponForm
from engagement.earning.admin.simulate import SimulateForm
from engagement.points.models import PointsAccount
from engagement.redemptions.admin.redeem import RedeemForm
from engagement.redemptions.admin.reverse import ReverseForm, reversible_redemptions
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of
from organizations.back_office.forms import ActionForm
from organizations.back_office.once import OnceForm
from organizations.back_office.pages import page_of, permission_check, row_view
from organizations.back_office.stores import stores_for
from organizations.configuration import current_configuration
from tickets.choices.catalog import load_ticket_choices
from tickets.ticket.admin.forms import OpenForm
from tickets.ticket.panels import CHANGE_TICKETS

# The pages: their part of the address, which is also the name `customers_customer_...` and the method.
PAGES = (
    "correct_name",
    "goodwill",
    "issue_coupon",
    "open_ticket",
    "record_bill",
    "redeem",
    "reverse_redemption",
    "simulate_bill",
)

_NO_POINTS: Final = gettext_noop("has no points: only members of a program have.")


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

    # --- the person

    @row_view("change")
    def correct_name(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that corrects the name alone."""
        if not customer.is_current:
            return self._leave(request, customer, gettext("cannot be changed."))
        form = NameForm(request.POST or None, customer=customer, by=actor_of(request, self.organization_behind(customer)))
        return self._do(request, customer, form, title=gettext("Correct the name"), submit=gettext("Save"))

    # --- points

    def has_goodwill_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user adjusts points."""
        return may_adjust(request)

    @row_view("goodwill")
    def goodwill(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that gives or takes points for one of the usual reasons."""
        organization = self.organization_behind(customer)
        accounts = accounts_of(customer, organization=organization)
        if not accounts:
            return self._leave(request, customer, gettext(_NO_POINTS))
        form = GoodwillForm(
            request.POST or None,
            account=_chosen(accounts, request),
            accounts=accounts,
            by=actor_of(request, organization),
            limit=limit_for(request, organization),
        )
        return self._do(request, customer, form, title=gettext("Goodwill"), submit=gettext("Adjust points"))

    has_redeem_permission = permission_check("engagement.redeem_points")

    @row_view("redeem")
    def redeem(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that redeems points of a customer, who confirms it by a code."""
        organization = self.organization_behind(customer)
        accounts = accounts_of(customer, organization=organization)
        if not accounts:
            return self._leave(request, customer, gettext(_NO_POINTS))
        form = RedeemForm(
            request.POST or None,
            account=_chosen(accounts, request),
            accounts=accounts,
            stores=stores_for(request),
            by=actor_of(request, organization),
        )
        return self._do(request, customer, form, title=gettext("Redeem points"), submit=gettext("Redeem"))

    has_reverse_permission = permission_check("engagement.reverse_redemption")

    @row_view("reverse")
    def reverse_redemption(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that gives points of a redemption back."""
        organization = self.organization_behind(customer)
        if not organization.policy.redemption_reversal:
            return self._leave(
                request, customer, gettext("gets no points back: the organization does not reverse redemptions.")
            )
        redemptions = reversible_redemptions(customer, sent=request.POST.get("redemption", ""))
        if not redemptions:
            return self._leave(request, customer, gettext("has no redemption that could be reversed."))
        by = actor_of(request, organization)
        form = ReverseForm(request.POST or None, customer=customer, redemptions=redemptions, by=by)
        intro = gettext("The points come back as they were; those whose last day is over expire at once.")
        return self._do(request, customer, form, title=gettext("Reverse a redemption"), submit=gettext("Reverse"), intro=intro)

    # --- coupons

    has_issue_coupon_permission = permission_check("engagement.issue_coupon")

    @row_view("issue_coupon")
    def issue_coupon(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that gives a customer a coupon."""
        by = actor_of(request, self.organization_behind(customer))
        form = CustomerCouponForm(request.POST or None, customer=customer, by=by)
        if not form.has_series:
            return self._leave(request, customer, gettext("gets no coupon: no series issues any."))
        intro = gettext("The coupon is dated now. No message is sent.")
        return self._do(request, customer, form, title=gettext("Issue a coupon"), submit=gettext("Issue"), intro=intro)

    # --- bills

    has_record_permission = permission_check("engagement.record_bill")

    @row_view("record")
    def record_bill(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that records a bill which no till has sent."""
        by = actor_of(request, self.organization_behind(customer))
        form = RecordBillForm(request.POST or None, customer=customer, stores=stores_for(request), by=by)
        intro = gettext("For a bill that no till has sent. It earns points as a bill of the store’s tills does.")
        return self._do(request, customer, form, title=gettext("Record a bill"), submit=gettext("Record"), intro=intro)

    has_simulate_permission = permission_check("engagement.view_bill")

    @row_view("simulate")
    def simulate_bill(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that shows what a bill would earn. Its address may have the amount, day and store to begin with."""
        form = SimulateForm(
            request.POST or None,
            initial={name: request.GET[name] for name in ("amount", "day", "store") if name in request.GET},
            customer=customer,
            organization=self.organization_behind(customer),
            stores=stores_for(request),
        )
        form.run()
        intro = gettext("What would this bill earn, by the rules of the day and the customer’s tier? Nothing is recorded.")
        return self._show(request, customer, form, title=gettext("Simulate a bill"), submit=gettext("Simulate"), intro=intro)

    # --- tickets

    has_ticket_permission = permission_check(CHANGE_TICKETS)

    @row_view("ticket")
    def open_ticket(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that opens a ticket. Users who adjust points may give some with it."""
        organization = self.organization_behind(customer)
        form = OpenForm(
            request.POST or None,
            customer=customer,
            choices=current_configuration().part(load_ticket_choices),
            by=actor_of(request, organization),
            account=next(iter(accounts_of(customer, organization=organization)), None) if may_adjust(request) else None,
            limit=limit_for(request, organization),
        )
        intro = gettext("The ticket is recorded as opened now. No message is sent.")
        return self._do(request, customer, form, title=gettext("Open a ticket"), submit=gettext("Open"), intro=intro)

    # --- answers

    def _do(self, request: HttpRequest, customer: Customer, form: OnceForm, **texts: str) -> HttpResponse:
        """Do what the form asks for and lead back to the customer, or show it: empty, refused, or with its preview."""
        if not form.run():
            return self._show(request, customer, form, **texts)
        form.report(request, customer)
        return HttpResponseRedirect(page_of(customer))

    def _show(
        self, request: HttpRequest, customer: Customer, form: ActionForm, *, title: str, submit: str, intro: str = ""
    ) -> HttpResponse:
        """The page of a form; one about an account shows its program and balance."""
        shown: dict[str, Any] = {"title": f"{title}: {customer}", "original": customer, "form": form, "submit": submit}
        if isinstance(form, GoodwillForm | RedeemForm):
            shown |= {"account": form.account, "balance": form.worth(form.account.balance)}
            return self.answer_page(request, "back_office/adjust_points.html", **shown)
        return self.answer_page(request, "back_office/action.html", intro=intro, **shown)

    def _leave(self, request: HttpRequest, customer: Customer, why: str) -> HttpResponse:
        """Back to the customer's page, with a message."""
        messages.warning(request, f"{customer} {why}")
        return HttpResponseRedirect(page_of(customer))


def _chosen(accounts: Sequence[PointsAccount], request: HttpRequest) -> PointsAccount:
    """The account that was chosen on the form, else the first one."""
    chosen = request.POST.get("account_id", "")
    return next((account for account in accounts if str(account.pk) == chosen), accounts[0])
