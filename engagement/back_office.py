"""What admin pages of points and bills share: their rows belong to a customer and are many."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from engagement.numbers.display import format_money, format_points
from engagement.numbers.money import round_money
from engagement.programs.rules import ProgramRules
from organizations.back_office.columns import Column, link_column, value_column
from organizations.back_office.current_user import organization_of


def points_column(path: str, title: str) -> Column:
    """A column of points."""
    return value_column(path, title, format_points)


class LoyaltyRowsAdmin(CustomerRowsAdmin):
    """The base of pages of points and bills. Rows recorded last come first.

    With `newest`, a column that is indexed after the organization, rows with the latest moment come first.
    """

    newest: ClassVar[str] = ""

    def get_ordering(self, request: HttpRequest) -> Any:
        # Operators see every organization; no index serves that order but the primary key.
        return [f"-{self.newest}", "-pk"] if self.newest and organization_of(request) else ["-pk"]

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*super().get_list_filter(request), CustomerFilter]


class AccountRowsAdmin(LoyaltyRowsAdmin):
    """The base of pages whose rows belong to a points account."""

    customer_paths = ("account__customer",)
    store_path = "account__customer__registered_store"
    related: ClassVar[Sequence[str]] = ("account__customer", "account__program")

    customer_link = link_column("account__customer", "Customer")
    program_name = value_column("account__program", "Program", str)


def points_worth(points: Decimal, *, rules: ProgramRules, currency: str) -> str:
    """Points with their value in money, as "6,107 points = 61.07 CAD"; without it if the program's points have none."""
    shown = gettext("%(points)s points") % {"points": format_points(points)}
    if not rules.ratio:
        return shown
    return f"{shown} = {format_money(round_money(points * rules.ratio, currency))} {currency}"
