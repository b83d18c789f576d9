"""The back office as a whole: sidebar and permissions of staff, composed of what each app brings.

The settings UNFOLD, STAFF_PERMISSIONS and DANGEROUS_PAGES name what is here.
"""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse_lazy

from customers import sidebar as customers
from customers.permissions import CUSTOMER_PERMISSIONS
from engagement import sidebar as engagement
from engagement.permissions import ENGAGEMENT_PERMISSIONS
from organizations import sidebar as organizations
from organizations.back_office.sidebar import sidebar_group
from organizations.permissions import ORGANIZATION_PERMISSIONS
from organizations.staff.permissions import StaffPermissions
from referrals import sidebar as referrals
from referrals.permissions import REFERRAL_PERMISSIONS
from subscriptions import sidebar as subscriptions
from subscriptions.permissions import SUBSCRIPTION_PERMISSIONS
from tickets import sidebar as tickets
from tickets.permissions import TICKET_PERMISSIONS
from webhooks import sidebar as webhooks
from webhooks.permissions import WEBHOOK_PERMISSIONS

# Names of the addresses that need a password which was typed lately: they change who may log in, or cannot easily be undone.
DANGEROUS_PAGES: Final = frozenset(
    {
        "customers_customer_erase",
        "customers_customer_export_person",
        "customers_customer_goodwill",
        "customers_customer_merge",
        "customers_customer_record_bill",
        "customers_merge_undo",
        "engagement_bill_give_back",
        "engagement_pointsaccount_adjust",
        "engagement_pointsadjustment_decide",
        "engagement_pointsentry_take_back",
        "organizations_apiclient_set_secret",
        "organizations_staffmember_add",
        "organizations_staffmember_change",
        "organizations_staffmember_set_password",
        "organizations_till_set_password",
        "referrals_reward_decide",
        "tickets_ticket_give_points",
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


def compose_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, from top to bottom. Unfold hides entries that the current user may not see."""
    return [
        {"items": [{"title": "Start", "icon": "home", "link": reverse_lazy("admin:index")}]},
        sidebar_group(
            request,
            "Customers",
            (
                *customers.CUSTOMERS,
                *subscriptions.CONSENTS,
                *tickets.TICKETS,
                *engagement.BILLS,
                *engagement.CONTACTS,
                *customers.GROUPINGS,
            ),
        ),
        sidebar_group(request, "Loyalty", engagement.LOYALTY),
        sidebar_group(request, "Referrals", referrals.REFERRALS),
        sidebar_group(
            request,
            "Organization",
            (*organizations.CONFIGURATION, *tickets.CHOICES, *webhooks.ENDPOINTS),
            collapsible=False,
        ),
        sidebar_group(
            request,
            "Oversight",
            (
                *organizations.STAFF_AND_IMPORTS,
                *engagement.DEFERRED_EVENTS,
                *webhooks.DELIVERIES,
                *customers.MESSAGES,
                *customers.ERASURES,
                *organizations.RECORDS,
            ),
        ),
    ]
