"""Forms that came too late: what was typed is kept until the same member of staff has logged in again.

A form that is sent after its session has ended is not worked on. Its fields are kept in the new session of the browser, which
has no log-in yet, beside the member whose session it was. After that member's log-in the page of the form fills them in again
(static/back_office/kept_form.js). Nothing is saved until the form is sent again.
"""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from loyalty_project import clock
from loyalty_project.middleware import DIALOG_HEADER
from loyalty_project.upload_tickets import PARAMETER

KEPT: Final = "kept_form"
# The member whose session ended in this browser.
EXPIRED: Final = "expired_member"
KEPT_SECONDS: Final = 15 * 60
# Of the body of a form; larger ones are not kept.
MOST_BYTES: Final = 64 * 1024
# Words in names of fields whose values are not kept. A form's preview has to be seen again.
_SECRET_WORDS: Final = ("password", "secret", "token", "otp", "seen")
# The end of the address of a form whose field `code` is a code that a customer was sent.
_WITH_SENT_CODE: Final = "/redeem/"
_SHOWN: Final = "_kept_form_shown"


def end_session(request: HttpRequest, member_id: int | None) -> None:
    """Note whose session has ended in this browser, and keep the form that was sent. Call it after the log-out."""
    request.session[EXPIRED] = member_id
    request.session.set_expiry(KEPT_SECONDS)
    keep_form(request)


def keep_form(request: HttpRequest) -> bool:
    """Keep what was typed into the form that this request sends; False if there is nothing to keep.

    The form must come from a page of this site, from a browser whose member is known, by a navigation or from a dialog.
    """
    member_id = request.user.pk or request.session.get(EXPIRED)
    if member_id is None or not _is_form(request):
        return False
    fields = [[name, value] for name, values in request.POST.lists() if not _is_secret(request, name) for value in values]
    if not fields:
        return False
    now = int(clock.now().timestamp())
    request.session[KEPT] = {"member": member_id, "path": request.get_full_path(), "fields": fields, "at": now}
    return True


def kept_form(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `kept_form`, the fields to fill in again if this page is that of the kept form; once."""
    if not hasattr(request, _SHOWN):
        setattr(request, _SHOWN, _take(request))
    return {"kept_form": getattr(request, _SHOWN)}


def answer_untrusted(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The answer to a form without a valid CSRF token (CSRF_FAILURE_VIEW): 403, with a link back to the form.

    A form that was opened before the log-in has an old token. The form's fields are kept.
    """
    is_ours = request.path.startswith(reverse("admin:index"))
    is_kept = is_ours and hasattr(request, "user") and keep_form(request)
    path = request.get_full_path() if is_ours else reverse("admin:index")
    if is_kept and not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('admin:login')}?{urlencode({'next': path})}")
    if is_kept and DIALOG_HEADER in request.headers:
        return HttpResponseRedirect(path)
    return TemplateResponse(request, "403_csrf.html", {"path": path, "is_kept": is_kept}, status=403).render()


def _take(request: HttpRequest) -> list[list[str]] | None:
    session = getattr(request, "session", None)
    kept = session.get(KEPT) if session is not None and request.method == "GET" else None
    if kept is None or not request.user.is_authenticated or DIALOG_HEADER in request.headers:
        return None
    is_over = clock.now().timestamp() - kept["at"] > KEPT_SECONDS
    if is_over or kept["member"] != request.user.pk or kept["path"] == request.get_full_path():
        del request.session[KEPT]
    if is_over or kept["member"] != request.user.pk or kept["path"] != request.get_full_path():
        return None
    fields: list[list[str]] = kept["fields"]
    return fields


def _is_form(request: HttpRequest) -> bool:
    """True for a form of a page of this site, of a moderate size and without a file."""
    origin = request.headers.get("Origin", "")
    is_navigation = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate" or DIALOG_HEADER in request.headers
    return (
        request.method == "POST"
        and origin == f"{request.scheme}://{request.get_host()}"
        and is_navigation
        and PARAMETER not in request.GET
        and int(request.META.get("CONTENT_LENGTH") or 0) <= MOST_BYTES
        and request.path
        not in {reverse("admin:login"), reverse("admin:logout"), reverse("confirm_password"), reverse("two_step")}
    )


def _is_secret(request: HttpRequest, name: str) -> bool:
    is_sent_code = name == "code" and request.path.endswith(_WITH_SENT_CODE)
    return is_sent_code or any(word in name.lower() for word in _SECRET_WORDS)
