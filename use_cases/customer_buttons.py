"""The buttons of the back office's customer page, which lead to pages of several apps."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest

from customers.profile.models import Customer
from engagement.adjustments.staff import may_adjust
from organizations.back_office.buttons import Button, button
from organizations.back_office.current_user import member_of
from use_cases.customer_page import ProgramCard

# Title, icon, name of the address of a page about a customer, permission.
_PAGES: Final = (
    ("Coupon", "confirmation_number", "customers_customer_issue_coupon", "engagement.issue_coupon"),
    ("Redeem", "redeem", "customers_customer_redeem", "engagement.redeem_points"),
    ("Ticket", "support_agent", "customers_customer_open_ticket", "tickets.change_ticket"),
    ("Consent", "notifications", "subscriptions_consentchange_decide", "subscriptions.change_consent"),
    ("Change e-mail/mobile", "swap_horiz", "customers_customer_request_change", "customers.add_identityrequest"),
    ("Merge", "merge", "customers_customer_find_duplicate", "customers.merge_customers"),
)
_GOODWILL: Final = ("Goodwill", "volunteer_activism", "customers_customer_goodwill")
_LESS_OFTEN: Final = (
    ("Record a bill", "receipt_long", "customers_customer_record_bill", "engagement.record_bill"),
    ("Simulate a bill", "calculate", "customers_customer_simulate_bill", "engagement.view_bill"),
)


def customer_buttons(request: HttpRequest, customer: Customer, programs: Sequence[ProgramCard]) -> list[Button]:
    """The buttons that the current user may use, in their order. None for a merged or erased customer."""
    if not customer.is_current:
        return []
    buttons = _buttons(request, customer, _PAGES)
    has_account = any(card.balance.account is not None for card in programs)
    return [button(*_GOODWILL, customer.pk), *buttons] if has_account and may_adjust(request) else buttons


def buttons_needed_less_often(request: HttpRequest, customer: Customer) -> list[Button]:
    """What the page shows of this module under *More*."""
    return _buttons(request, customer, _LESS_OFTEN) if customer.is_current else []


def _buttons(request: HttpRequest, customer: Customer, pages: Sequence[tuple[str, str, str, str]]) -> list[Button]:
    member = member_of(request)
    return [button(title, icon, name, customer.pk) for title, icon, name, permission in pages if member.has_perm(permission)]
