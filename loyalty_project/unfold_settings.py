"""The setting UNFOLD: the look of the back office. Sidebar and start page are composed in `use_cases.back_office`."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy


def _files(*names: str) -> list[Callable[[HttpRequest], str]]:
    """Addresses of files of the back office, in Unfold's form."""
    return [lambda _request, name=name: static(f"back_office/{name}") for name in names]  # type: ignore[misc]  # of lambdas


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": gettext_lazy("Back office"),
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("back_office/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("back_office/mark.svg")}],
    "STYLES": _files("style.css", "customer.css", "pulse.css", "uploads.css", "lists.css", "dialogs.css"),
    "SCRIPTS": _files("find.js", "dialogs.js"),
    "LOGIN": {"form": "organizations.staff.log_in_form.LogInForm", "image": lambda _request: static("back_office/log-in.svg")},
    "DASHBOARD_CALLBACK": "use_cases.dashboard.fill_start_page",
    "ACCOUNT": {"navigation": [{"title": gettext_lazy("Two-step log-in"), "link": reverse_lazy("two_step")}]},
    "SHOW_LANGUAGES": True,
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
