"""What admin pages of rows that belong to a customer share: search by customer, filter by customer, link to the customer."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from customers.identifiers.models import Identifier
from customers.profile.history import readable_entries
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.models import AuditEntry
from organizations.back_office.base import BackOfficeAdmin, ReadOnlyAdmin
from organizations.back_office.columns import link_column
from organizations.back_office.filters import RelatedRowFilter
from organizations.staff.sight import shown_identifier

IDENTIFIER_LABELS: Final[Mapping[str, str]] = {
    Identifier.Kind.MOBILE: "Mobile",
    Identifier.Kind.EMAIL: "E-mail",
    Identifier.Kind.EXTERNAL_ID: gettext_noop("External id"),
}
CUSTOMER_SEARCH_HELP = gettext_noop("Customer: mobile, e-mail, id, card or name")


class CustomerHistoryAdmin(BackOfficeAdmin):
    """The base of pages whose history names customers: staff limited to stores do not read the ids of others."""

    def readable_entries(self, entries: Iterable[AuditEntry]) -> list[AuditEntry]:
        """The entries, without ids of customers of other stores. One query for staff limited to stores, else none."""
        return readable_entries(entries)


class CustomerFilter(RelatedRowFilter):
    """By one customer, set by links from the customer's page: there are too many customers to choose from."""

    title = parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.paths: Sequence[str] = model_admin.customer_paths
        value = request.GET.get(self.parameter_name, "")
        customer = model_admin.admin_site.get_model_admin(Customer).get_object(request, value) if value else None
        return [(value, str(customer))] if customer else []

    def narrow(self, rows: QuerySet[Any], pk: int) -> QuerySet[Any]:
        return rows.filter(reduce(or_, (Q(**{path: pk}) for path in self.paths)))


class CustomerRowsAdmin(CustomerHistoryAdmin, ReadOnlyAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """The base of pages whose rows belong to customers: `customer_paths` lead to them. Rows are searched by customer.

    Staff limited to stores see the rows of the customers that they see.
    """

    customer_paths: ClassVar[Sequence[str]] = ("customer",)
    store_path = "customer__registered_store"
    # Any field: without one Django shows no search box.
    search_fields = ("pk",)
    search_help_text = CUSTOMER_SEARCH_HELP

    customer_link = link_column("customer", "Customer")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """The rows of the customers that the term may mean (`customers.search.admin`), and those of `other_matches`."""
        term = read_code(search_term)
        if not term:
            return queryset, False
        customers = matching_customers(request, term)
        matches = reduce(or_, (Q(**{f"{path}__in": customers}) for path in self.customer_paths))
        return queryset.filter(matches | self.other_matches(request, term)), False

    def other_matches(self, request: HttpRequest, term: str) -> Q:  # noqa: ARG002 - for subclasses
        """What else the term may mean: nothing here."""
        return Q(pk__in=())


def identifier_line(customer: Customer) -> str:
    """The identifiers of a customer, which were read with it, in one line as the current user may see them."""
    return " · ".join(map(str, customer.identifiers.all()))


def identifier_list(identifiers: Mapping[str, str], *, customer_id: int) -> str:
    """The customer's identifiers by kind in one line, as the current user may see them."""
    return " · ".join(shown_identifier(kind, value, customer_id=customer_id) for kind, value in identifiers.items())
