"""The setting UNFOLD: the look of the back office. Sidebar and start page are composed in `use_cases.back_office`."""

from typing import Any

from django.templatetags.static import static

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("back_office/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("back_office/mark.svg")}],
    "STYLES": [
        lambda _request: static("back_office/style.css"),
        lambda _request: static("back_office/customer.css"),
    ],
    "LOGIN": {"form": "organizations.staff.log_in_form.LogInForm", "image": lambda _request: static("back_office/log-in.svg")},
    "DASHBOARD_CALLBACK": "use_cases.dashboard.fill_start_page",
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
        "navigation": "use_cases.back_office.compose_sidebar",
    },
}
