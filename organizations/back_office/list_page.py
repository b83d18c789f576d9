"""The page of a list: how many rows there are, what narrows it, and the links above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from loyalty_project.db.timeouts import TookTooLongError, answered_within
from loyalty_project.translation import format_number
from organizations.back_office.counting import RowCount, row_count
from organizations.back_office.current_user import member_of
from organizations.back_office.filters import ListedFilter
from organizations.back_office.presets import ListLink
from organizations.saved_views.models import SavedView
from organizations.saved_views.services import views_of

# Time that a statement of a narrowed or sorted list may take.
SECONDS: Final = 4.0
TOO_SLOW: Final = gettext_noop(
    "With these filters the list would take too long, so nothing is shown. Add a filter that leaves fewer rows,"
    " such as a store or a few days."
)
_ALPHABETICAL: Final = (gettext_noop("A to Z"), gettext_noop("Z to A"))
# Parameters that a saved view does not keep: a typed text, and a single customer.
_NAMING: Final = frozenset({SEARCH_VAR, "customer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter, a search or an order that is applied, with the address of the list without it."""

    name: str
    text: str
    remove: str


class ListPage(ChangeList):
    """Rows of a list with their count. `model_admin.complete_rows` reads what the rows of the page show beside their columns.

    What narrows or sorts the list may ask for rows that no index gives: then a statement that takes too long is ended, and a
    sentence is shown instead of rows.
    """

    model_admin: Any
    filter_specs: list[ListedFilter]  # type: ignore[assignment]  # Django's own type knows no `describe`
    sortable_by: Any
    count = RowCount("")
    # The address of the page that exports the list; "" if there is none for the current user.
    export_address = ""
    saved_views: Sequence[SavedView] = ()
    # False for operators, who belong to no organization, and for lists without presets.
    has_views = False

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not issubclass(self.model_admin.paginator, InfinitePaginator):
            self.count = RowCount(format_number(self.result_count))
            self.result_list: Any = list(self.result_list)
        elif not self.narrowing:
            self.count, self.result_list = row_count(self.queryset), list(self.result_list)
        else:
            try:
                with answered_within(SECONDS):
                    self.count, self.result_list = row_count(self.queryset), list(self.result_list)
            except TookTooLongError:
                messages.warning(request, gettext(TOO_SLOW))
                self.result_list = []
        self.model_admin.complete_rows(request, self.result_list)
        if self.model_admin.presets:
            self.saved_views = views_of(member_of(request), self.opts.label_lower)
            self.has_views = member_of(request).organization_id is not None
        if address := self.model_admin.export_address(request):
            self.export_address = f"{address}{self.get_query_string(remove=[PAGE_VAR])}"

    @property
    def is_cut_off(self) -> bool:
        """True if the list has more rows than are counted, which is also more than are exported."""
        return not self.count.is_exact

    @property
    def narrowing(self) -> dict[str, str]:
        """The parameters of the address but for the page."""
        return {name: value for name, value in self.params.items() if value}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The order. After chosen columns comes the primary key in the direction of the last one, as the indexes have it."""
        ordering = list(super().get_ordering(request, queryset))
        if ORDER_VAR not in self.params:
            return ordering
        chosen = ordering[: len(self.params[ORDER_VAR].split("."))]
        return [*chosen, "-pk" if str(chosen[-1]).startswith("-") else "pk"]

    # --- what the template shows above the rows

    @property
    def count_label(self) -> str:
        """The number of rows with the name of the rows."""
        is_single = self.count.text == "1"
        name = self.opts.verbose_name if is_single else self.opts.verbose_name_plural
        return f"{self.count.text} {name}" if self.count.text else ""

    @property
    def chips(self) -> list[Chip]:
        """What is applied: the search, the filters, and the order if the user chose one."""
        chips = []
        if self.query:
            chips.append(self._chip(gettext("Search"), self.query, [SEARCH_VAR]))
        for spec in self.filter_specs:
            names = [name for name in spec.expected_parameters() if name and self.narrowing.get(name)]
            if names:
                text = spec.describe({name: self.narrowing[name] for name in names})
                chips.append(self._chip(_sentence_case(spec.title), text, names))
        if ORDER_VAR in self.params:
            chips.append(self._chip(gettext("Sorted by"), self._order_text(), [ORDER_VAR]))
        return chips

    @property
    def presets(self) -> list[ListLink]:
        """The links above the list: everything, then the presets, but for those in an order that the user does not have."""
        if not self.model_admin.presets:
            return []
        links = [ListLink(label=gettext(self.model_admin.unfiltered_label), link="?", is_current=not self.narrowing)]
        for preset in self.model_admin.presets:
            if preset.order and preset.order.removeprefix("-") not in self.sortable_by:
                continue
            order = {ORDER_VAR: self._order_number(preset.order)} if preset.order else {}
            links.append(self._link_to(gettext(preset.label), {**preset.query, **order}))
        return [*links, *(self._link_to(view.name, view.query, view_id=view.pk) for view in self.saved_views)]

    @property
    def view_query(self) -> dict[str, str]:
        """What a saved view would keep: the filters and the order, but for what may name a person."""
        return {name: value for name, value in self.narrowing.items() if name not in _NAMING}

    @property
    def may_save_view(self) -> bool:
        """True if there is something to save that no link above the list leads to."""
        return self.has_views and bool(self.view_query) and not any(link.is_current for link in self.presets)

    def _link_to(self, label: str, query: dict[str, str], *, view_id: int | None = None) -> ListLink:
        return ListLink(label=label, link=f"?{urlencode(query)}", is_current=query == self.narrowing, view_id=view_id)

    def _order_number(self, order: str) -> str:
        column = order.removeprefix("-")
        return f"{order[: -len(column)]}{self.list_display.index(column)}"

    def _chip(self, name: str, text: str, names: Sequence[str]) -> Chip:
        return Chip(name=name, text=text, remove=self.get_query_string(remove=[*names, PAGE_VAR]))

    def _order_text(self) -> str:
        texts = []
        for part in self.narrowing.get(ORDER_VAR, "").split("."):
            column = self.list_display[int(part.lstrip("-"))]
            title = label_for_field(str(column), self.model, self.model_admin)
            rising, falling = self.model_admin.order_words.get(column, _ALPHABETICAL)
            texts.append(f"{title}, {gettext(falling if part.startswith('-') else rising)}")
        return "; ".join(texts)


def _sentence_case(text: Any) -> str:
    title = str(text)
    return f"{title[:1].upper()}{title[1:]}"
