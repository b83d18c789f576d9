"""How does the back office look, and which rooms has its sidebar? The UNFOLD setting."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may_see(noun: str) -> Callable[[HttpRequest], bool]:
    app, _, model = noun.partition(".")
    return lambda request: bool(request.user.has_perm(f"{app}.view_{model}"))


def _room(title: str, icon: str, noun: str) -> dict[str, Any]:
    """A link to the list of a noun (`app.model`), for those who may see it."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{noun.replace('.', '_')}_changelist"),
        "permission": _may_see(noun),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("back_office/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("back_office/mark.svg")}],
    "STYLES": [lambda _request: static("back_office/style.css")],
    "LOGIN": {"image": lambda _request: static("back_office/log-in.svg")},
    "DASHBOARD_CALLBACK": "customers.profile.admin.start_page.fill_start_page",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(98% .014 180)",
            "100": "oklch(95% .035 180)",
            "200": "oklch(90% .065 180)",
            "300": "oklch(83% .095 181)",
            "400": "oklch(73% .115 182)",
            "500": "oklch(62% .105 184)",
            "600": "oklch(51% .088 187)",
            "700": "oklch(44% .075 189)",
            "800": "oklch(38% .062 191)",
            "900": "oklch(33% .052 192)",
            "950": "oklch(25% .042 194)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {"items": [{"title": "Start", "icon": "home", "link": reverse_lazy("admin:index")}]},
            {
                "title": "Customers",
                "separator": True,
                "items": [
                    _room("Customers", "group", "customers.customer"),
                    _room("Identity requests", "swap_horiz", "customers.identityrequest"),
                    _room("Merges", "merge", "customers.merge"),
                    _room("Cards", "credit_card", "customers.card"),
                    _room("Consent log", "fact_check", "subscriptions.consentchange"),
                    _room("Bills", "receipt_long", "engagement.bill"),
                    _room("Segments", "pie_chart", "customers.segment"),
                    _room("Likely duplicates", "join_inner", "customers.duplicatecandidate"),
                    _room("User groups", "diversity_3", "customers.usergroup"),
                    _room("Statuses", "gavel", "customers.customerstatus"),
                ],
            },
            {
                "title": "Loyalty",
                "separator": True,
                "items": [
                    _room("Programs", "loyalty", "engagement.program"),
                    _room("Memberships", "card_membership", "engagement.membership"),
                    _room("Points", "toll", "engagement.pointsaccount"),
                    _room("Ledger", "menu_book", "engagement.pointsentry"),
                    _room("Lots", "layers", "engagement.pointslot"),
                    _room("Redemptions", "redeem", "engagement.redemption"),
                ],
            },
            {
                "title": "Organization",
                "separator": True,
                "collapsible": False,
                "items": [
                    _room("Organization", "domain", "organizations.organization"),
                    _room("Stores", "storefront", "organizations.store"),
                    _room("Tills", "point_of_sale", "organizations.till"),
                    _room("Zones", "map", "organizations.zone"),
                    _room("Concepts", "category", "organizations.concept"),
                    _room("Fields", "list_alt", "organizations.fielddefinition"),
                    _room("Card series", "style", "organizations.cardseries"),
                    _room("Source accounts", "hub", "organizations.sourceaccount"),
                    _room("API clients", "api", "organizations.apiclient"),
                ],
            },
            {
                "title": "Oversight",
                "separator": True,
                "items": [
                    _room("Staff", "badge", "organizations.staffmember"),
                    _room("Imports", "upload_file", "organizations.importrun"),
                    _room("Deferred events", "pending_actions", "engagement.deferredevent"),
                    _room("Audit", "history", "organizations.auditentry"),
                    _room("Idempotency keys", "repeat_one", "organizations.idempotencykey"),
                ],
            },
        ],
    },
}
