"""The buttons of the back office's customer page, which lead to pages of several apps."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_noop

from customers.profile.models import Customer
from engagement.adjustments.staff import may_adjust
from engagement.coupons.catalog import issuing_series
from organizations.back_office.buttons import Button, button
from organizations.back_office.current_user import member_of
from organizations.tenancy.models import Organization
from use_cases.customer_page import ProgramCard

ISSUE_COUPON: Final = "engagement.issue_coupon"
# Title, icon, name of the address of a page about a customer, permission.
_COUPON: Final = (gettext_noop("Coupon"), "confirmation_number", "customers_customer_issue_coupon", ISSUE_COUPON)
_REDEEM: Final = (gettext_noop("Redeem"), "redeem", "customers_customer_redeem", "engagement.redeem_points")
_PAGES: Final = (
    (gettext_noop("Ticket"), "support_agent", "customers_customer_open_ticket", "tickets.change_ticket"),
    (gettext_noop("Consent"), "notifications", "subscriptions_consentchange_decide", "subscriptions.change_consent"),
    (gettext_noop("Change e-mail/mobile"), "swap_horiz", "customers_customer_request_change", "customers.add_identityrequest"),
    (gettext_noop("Merge"), "merge", "customers_customer_find_duplicate", "customers.merge_customers"),
)
_GOODWILL: Final = (gettext_noop("Goodwill"), "volunteer_activism", "customers_customer_goodwill")
_REVERSE: Final = (
    gettext_noop("Reverse a redemption"),
    "undo",
    "customers_customer_reverse_redemption",
    "engagement.reverse_redemption",
)
_LESS_OFTEN: Final = (
    (gettext_noop("Record a bill"), "receipt_long", "customers_customer_record_bill", "engagement.record_bill"),
    (gettext_noop("Simulate a bill"), "calculate", "customers_customer_simulate_bill", "engagement.view_bill"),
)


def customer_buttons(
    request: HttpRequest, customer: Customer, programs: Sequence[ProgramCard], *, organization: Organization
) -> list[Button]:
    """The buttons that the current user may use, and that can do something now. None for a merged or erased customer.

    One query for users who issue coupons.
    """
    if not customer.is_current:
        return []
    has_points = any(card.balance.account is not None and card.program.is_active for card in programs)
    has_coupons = member_of(request).has_perm(ISSUE_COUPON) and bool(issuing_series(organization))
    pages = [*([_COUPON] if has_coupons else []), *([_REDEEM] if has_points else []), *_PAGES]
    buttons = _buttons(request, customer, pages)
    return [button(*_GOODWILL, customer.pk), *buttons] if has_points and may_adjust(request) else buttons


def buttons_needed_less_often(
    request: HttpRequest, customer: Customer, programs: Sequence[ProgramCard], *, organization: Organization
) -> list[Button]:
    """What the page shows of this module under *More*."""
    if not customer.is_current:
        return []
    has_redeemed = any(card.balance.totals.redeemed > 0 for card in programs)
    pages = [_REVERSE, *_LESS_OFTEN] if has_redeemed and organization.policy.redemption_reversal else _LESS_OFTEN
    return _buttons(request, customer, pages)


def _buttons(request: HttpRequest, customer: Customer, pages: Sequence[tuple[str, str, str, str]]) -> list[Button]:
    member = member_of(request)
    return [button(title, icon, name, customer.pk) for title, icon, name, permission in pages if member.has_perm(permission)]
