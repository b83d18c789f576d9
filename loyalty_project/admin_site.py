"""The admin site of the back office, on Unfold."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy
from django_otp.plugins.otp_totp.models import TOTPDevice
from procrastinate.contrib.django.models import ProcrastinateJob
from unfold.sites import UnfoldAdminSite

from loyalty_project.translation import translate_admin

# Registered by libraries. Permissions come from roles; jobs and authenticator apps have pages of their own.
NOT_SHOWN = {Group, ProcrastinateJob, TOTPDevice}
# Names of addresses that no page uses: choices of any foreign key, redirects to any row.
NOT_SERVED = {"autocomplete", "view_on_site"}


class BackOffice(UnfoldAdminSite):
    """The admin site for staff."""

    site_header = site_title = "Regulars"
    index_title = gettext_lazy("Start")
    index_template = "back_office/start.html"
    login_template = "back_office/log_in.html"
    site_url = None

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models as Django does, except those in NOT_SHOWN."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        super().register([model for model in models if model not in NOT_SHOWN], admin_class, **options)
        if admin_class is not None:
            translate_admin(admin_class)

    def get_urls(self) -> list[Any]:
        """The addresses of Django and Unfold, without NOT_SERVED."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in NOT_SERVED]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:  # noqa: ARG002 - Unfold's signature
        """404: Unfold's search for pages, whose address its templates need, is not offered."""
        raise Http404


def answer_locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: Any) -> HttpResponse:
    """The answer after too many wrong passwords (AXES_LOCKOUT_CALLABLE): 429, with the time to wait."""
    context = {
        **admin.site.each_context(request),
        "title": gettext("Log-in locked"),
        "minutes": round(settings.AXES_COOLOFF_TIME * 60),
    }
    return TemplateResponse(request, "back_office/locked_out.html", context, status=429).render()
