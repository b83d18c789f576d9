"""Coupons: who has them, where they were redeemed, and the pages on which staff take a redemption back or end a coupon."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from unfold.decorators import display

from engagement.back_office import LoyaltyRowsAdmin
from engagement.coupons.admin.forms import ExpireForm, ReactivateForm
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.models import Coupon, CouponReversal, CouponSeries
from engagement.coupons.rules import latest_expired, uses_left
from engagement.coupons.states import STATES, state_of
from engagement.numbers.display import format_money
from loyalty_project import clock
from loyalty_project.translation import format_number
from organizations.back_office.columns import actor_column, link_column, link_to, state_display, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import DayRangeFilter, NamedFilter, RelatedRowFilter, Rows, StoreFilter
from organizations.back_office.history import actor_label
from organizations.back_office.list_export import ExportColumn, ListResource, customer_id, customer_name
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.presets import Preset
from organizations.back_office.tables import badge, cell, number, table


class SeriesFilter(RelatedRowFilter):
    """By series."""

    title = parameter_name = path = "series"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return CouponSeries.objects.values_list("pk", "code")


def _unused(rows: Rows) -> Rows:
    return rows.filter(uses=0, valid_till__gt=latest_expired(clock.now()))


def _expired(rows: Rows) -> Rows:
    return rows.filter(valid_till__lte=latest_expired(clock.now()))


class StateFilter(NamedFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    options: ClassVar[Mapping[str, Any]] = {
        "unused": ("unused", _unused),
        "redeemed": ("redeemed", lambda rows: rows.filter(uses__gt=0)),
        "expired": ("expired", _expired),
        "printed": ("printed, nobody's yet", lambda rows: rows.filter(customer=None)),
    }


class CouponResource(ListResource):
    """Coupons."""

    code = ExportColumn("Code", "code")
    state = ExportColumn("State", lambda coupon: state_of(coupon, clock.now()))
    customer_id = ExportColumn("Customer id", customer_id())
    customer = ExportColumn("Customer", customer_name())
    series = ExportColumn("Series", "series__code")
    issued_at = ExportColumn("Issued at", "issued_at")
    valid_till = ExportColumn("Valid until", "valid_till")
    uses = ExportColumn("Redeemed", "uses")
    store = ExportColumn("Store", "store__code")
    made_by = ExportColumn("Issued by", lambda coupon: actor_label(coupon.made_by))


@admin.register(Coupon)
class CouponAdmin(ExportedList, LoyaltyRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Coupons with their redemptions. Those recorded last come first: no index has the order of their issue."""

    related = ("customer", "series", "version", "store", "till")
    fields = (
        "code", "state_label", "customer_link", "series_link", "version_number", "issued_at", "valid_till", "uses_display",
        "store", "till", "transaction_number", "reference", "made_by_label",
    )  # fmt: skip
    list_display = ("code", "state_label", "customer_link", "series_link", "issued_at", "valid_till", "uses_display", "store")
    phone_lines = (("code", "state_label"), ("customer_link", "series_link", "valid_till"))
    list_filter = (StateFilter, SeriesFilter, StoreFilter, ("issued_at", DayRangeFilter))
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="Unused", query={"state": "unused"}),
        Preset(label="Redeemed", query={"state": "redeemed"}),
        Preset(label="Expired", query={"state": "expired"}),
    )
    empty_text = "Coupons appear here when a till or a colleague issues one."
    resource = CouponResource
    search_help_text = "Code, or customer: mobile, e-mail, id, card or name"
    actions_detail: Sequence[str] = ("reactivate", "expire")  # type: ignore[assignment]  # see the base class
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    has_correct_permission = permission_check("engagement.correct_coupon")

    series_link = link_column("series", "Series")
    version_number = value_column("version__number", "Version of the terms")
    made_by_label = actor_column("made_by", "Issued by")

    def other_matches(self, request: HttpRequest, term: str) -> Q:  # noqa: ARG002 - as in the base class
        """By the code, without case."""
        return Q(pk__in=coupons_of_codes([term]).values("pk"))

    @state_display("State", STATES)
    def state_label(self, coupon: Coupon) -> str:
        """Unused, redeemed, used up, or expired."""
        return state_of(coupon, clock.now())

    @display(description="Redeemed")
    def uses_display(self, coupon: Coupon) -> str:
        """How often it was redeemed, of how many times."""
        return gettext("%(uses)s of %(most)s") % {
            "uses": format_number(coupon.uses),
            "most": gettext("any number") if coupon.most_uses is None else format_number(coupon.most_uses),
        }

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        uses = context["original"].redemptions.select_related("store", "bill").prefetch_related("reversals")
        rows = [
            (
                cell(use.redeemed_at),
                use.store,
                link_to(use.bill, use.transaction_number) if use.bill else use.transaction_number,
                None if use.amount is None else format_money(use.amount),
                actor_label(use.made_by),
                _state_of_use(next(iter(use.reversals.all()), None)),
            )
            for use in uses
        ]
        columns = (gettext("When"), gettext("Store"), gettext("Bill"), number("Amount"), gettext("By"), gettext("State"))
        context["table"] = table("Redemptions", columns, rows, empty="The coupon was not redeemed yet.")
        return super().render_change_form(request, context, *args, **kwargs)

    @row_page("Take redemption back", address="reactivate", icon="undo", permission="correct", opens_dialog=True)
    def reactivate(self, request: HttpRequest, coupon: Coupon) -> HttpResponse:
        """The page that takes the latest redemption back."""
        form = ReactivateForm(request.POST or None, coupon=coupon, by=actor_of(request, self.organization_behind(coupon)))
        intro = gettext(
            "The latest redemption of this coupon no longer counts. It may then be redeemed %(times)s, until %(last_day)s."
        ) % {"times": _times_after(coupon), "last_day": cell(coupon.valid_till)}
        done = gettext("%(coupon)s may be redeemed once more.") % {"coupon": coupon}
        return self._answer(request, coupon, form, title=gettext("Take redemption back"), done=done, intro=intro)

    @row_page("End validity", address="expire", icon="event_busy", permission="correct", opens_dialog=True)
    def expire(self, request: HttpRequest, coupon: Coupon) -> HttpResponse:
        """The page that ends the validity of a coupon now."""
        form = ExpireForm(request.POST or None, coupon=coupon, by=actor_of(request, self.organization_behind(coupon)))
        intro = gettext("The coupon is no longer good from now on. Redemptions that were made stay.")
        done = gettext("%(coupon)s is no longer good.") % {"coupon": coupon}
        return self._answer(request, coupon, form, title=gettext("End validity"), done=done, intro=intro)

    def _answer(self, request: HttpRequest, coupon: Coupon, form: Any, *, title: str, done: str, intro: str) -> HttpResponse:
        if form.run():
            messages.success(request, done)
            return HttpResponseRedirect(page_of(coupon))
        return self.answer_page(
            request, "back_office/action.html", title=f"{title}: {coupon}", original=coupon, form=form, submit=title,
            intro=intro,
        )  # fmt: skip


def _state_of_use(reversal: CouponReversal | None) -> SafeString:
    return (
        badge(gettext("counts"), "good")
        if reversal is None
        else badge(gettext("taken back: %(reason)s") % {"reason": reversal.reason}, "bad")
    )


def _times_after(coupon: Coupon) -> str:
    """How often the coupon may be redeemed after a redemption is taken back."""
    left = uses_left(coupon.uses, coupon.most_uses)
    return (
        gettext("as often as wanted")
        if left is None
        else ngettext("once", "%(times)s times", left + 1) % {"times": format_number(left + 1)}
    )
