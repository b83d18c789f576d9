"""The back office as a whole: sidebar and permissions of staff, composed of what each app brings.

The settings UNFOLD, STAFF_PERMISSIONS and DANGEROUS_PAGES name what is here.
"""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext, gettext_noop

from customers import sidebar as customers
from customers.duplicates.staff import DUPLICATES
from customers.identity_requests.staff import REQUESTS
from customers.permissions import CUSTOMER_PERMISSIONS
from engagement import sidebar as engagement
from engagement.adjustments.staff import ADJUSTMENTS
from engagement.permissions import ENGAGEMENT_PERMISSIONS
from organizations import sidebar as organizations
from organizations.back_office.queues import count_queues
from organizations.back_office.sidebar import SidebarEntry, sidebar_group
from organizations.permissions import ORGANIZATION_PERMISSIONS
from organizations.staff.permissions import StaffPermissions
from referrals import sidebar as referrals
from referrals.permissions import REFERRAL_PERMISSIONS
from referrals.rewards.staff import REWARDS
from subscriptions import sidebar as subscriptions
from subscriptions.permissions import SUBSCRIPTION_PERMISSIONS
from tickets import sidebar as tickets
from tickets.permissions import TICKET_PERMISSIONS
from tickets.ticket.staff import OVERDUE
from webhooks import sidebar as webhooks
from webhooks.deliveries.staff import FAILED
from webhooks.endpoints.staff import PAUSED
from webhooks.permissions import WEBHOOK_PERMISSIONS

# Names of the addresses that need a password which was typed lately: they change who may log in or what others may do, bring
# data out, or decide on what a member may not do alone. What a desk does all day is not among them: its limits are the roles'
# limits of points, and every action is in the history with its actor.
DANGEROUS_PAGES: Final = frozenset(
    {
        "customers_customer_erase",
        "customers_customer_export_list",
        "customers_customer_export_person",
        "customers_customer_merge",
        "customers_merge_undo",
        "engagement_bill_export_list",
        "engagement_coupon_export_list",
        "engagement_pointsadjustment_decide",
        "engagement_pointsentry_export_list",
        "engagement_pointsentry_take_back",
        "engagement_redemption_export_list",
        "organizations_apiclient_set_secret",
        "organizations_importrun_undo",
        "organizations_staffmember_add",
        "organizations_staffmember_change",
        "organizations_staffmember_reset_two_step",
        "organizations_staffmember_set_password",
        "organizations_till_set_password",
        "referrals_reward_decide",
        "tickets_ticket_export_list",
        "two_step",
        "webhooks_endpoint_add",
        "webhooks_endpoint_change",
        "webhooks_endpoint_retire",
        "webhooks_endpoint_rotate",
    }
)
STAFF_PERMISSIONS: Final = StaffPermissions.combine(
    [
        ORGANIZATION_PERMISSIONS,
        CUSTOMER_PERMISSIONS,
        SUBSCRIPTION_PERMISSIONS,
        ENGAGEMENT_PERMISSIONS,
        REFERRAL_PERMISSIONS,
        TICKET_PERMISSIONS,
        WEBHOOK_PERMISSIONS,
    ]
)

# Title, entries and Unfold's options of each group of the sidebar, from top to bottom.
_GROUPS: Final[tuple[tuple[str, tuple[SidebarEntry, ...], dict[str, Any]], ...]] = (
    (
        gettext_noop("Customers"),
        (
            *customers.CUSTOMERS,
            *subscriptions.CONSENTS,
            *tickets.TICKETS,
            *engagement.BILLS,
            *engagement.CONTACTS,
            *customers.GROUPINGS,
        ),
        {},
    ),
    (gettext_noop("Loyalty"), engagement.LOYALTY, {}),
    (gettext_noop("Referrals"), referrals.REFERRALS, {}),
    (
        gettext_noop("Organization"),
        (*organizations.CONFIGURATION, *tickets.CHOICES, *webhooks.ENDPOINTS),
        {"collapsible": False},
    ),
    (
        gettext_noop("Oversight"),
        (
            *organizations.STAFF_AND_IMPORTS,
            *engagement.DEFERRED_EVENTS,
            *webhooks.DELIVERIES,
            *customers.MESSAGES,
            *customers.ERASURES,
            *organizations.RECORDS,
        ),
        {},
    ),
)
# What waits, in the order of the start page: what customers wait for comes first.
QUEUES: Final = (OVERDUE, REQUESTS, ADJUSTMENTS, REWARDS, DUPLICATES, PAUSED, FAILED, organizations.TROUBLED)


def compose_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, from top to bottom. Unfold hides entries that the current user may not see."""
    waiting = count_queues(request, QUEUES)
    return [
        {"items": [{"title": gettext("Start"), "icon": "home", "link": reverse_lazy("admin:index")}]},
        *(sidebar_group(title, entries, waiting, **options) for title, entries, options in _GROUPS),
    ]
