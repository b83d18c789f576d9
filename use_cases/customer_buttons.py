"""The buttons of the back office's customer page, which lead to pages of several apps."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest

from customers.profile.models import Customer
from engagement.adjustments.staff import may_adjust
from organizations.back_office.buttons import Button, button
from organizations.back_office.current_user import member_of
from use_cases.customer_page import ProgramCard

# Title, icon, name of the address, permission. A page that does not exist has no button.
_PAGES: Final = (
    ("Coupon", "confirmation_number", "customers_customer_issue_coupon", "engagement.issue_coupon"),
    ("Ticket", "support_agent", "tickets_ticket_open", "tickets.change_ticket"),
    ("Consent", "notifications", "subscriptions_consentchange_decide", "subscriptions.change_consent"),
    ("Change e-mail/mobile", "swap_horiz", "customers_customer_request_change", "customers.add_identityrequest"),
    ("Merge", "merge", "customers_customer_find_duplicate", "customers.merge_customers"),
)


def customer_buttons(request: HttpRequest, customer: Customer, programs: Sequence[ProgramCard]) -> list[Button]:
    """The buttons that the current user may use, in their order. None for a merged or erased customer."""
    if customer.merged_into_id is not None or customer.erased_at is not None:
        return []
    member = member_of(request)
    buttons = [
        button(title, icon, name, customer.pk) for title, icon, name, permission in _PAGES if member.has_perm(permission)
    ]
    accounts = [card.balance.account for card in programs if card.balance.account is not None]
    if accounts and may_adjust(request):
        goodwill = button("Goodwill", "volunteer_activism", "engagement_pointsaccount_adjust", accounts[0].pk)
        buttons.insert(0, goodwill)
    return [made for made in buttons if made is not None]
