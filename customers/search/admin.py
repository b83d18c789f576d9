"""Search boxes of back-office lists that find customers."""

from functools import reduce
from operator import or_

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest

from customers.search.staff import LIMIT, Reach, find_customers, identifier_prefixes, starts_with
from organizations.back_office.current_user import organization_of, own_stores
from organizations.tenancy.models import Organization


def matching_customers(request: HttpRequest, term: str) -> set[int]:
    """The ids of the customers whom whoever is logged in may mean by `term`; told when there are more."""
    found = find_customers(term, Reach(organizations=_organizations(request), stores=own_stores(request)))
    if len(found) >= LIMIT:
        messages.info(request, "Many customers match, and only some are shown. Type more to find the one.")
    return found


def matching_values(request: HttpRequest, term: str, *columns: str) -> Q:
    """The rows in one of whose `columns` an identifier begins as `term` does: whoever's it is, or was."""
    term = " ".join(term.split())
    values = {value for _, value in identifier_prefixes(term, _organizations(request))}
    return reduce(or_, (Q(**starts_with(column, value)) for value in values for column in columns))


def _organizations(request: HttpRequest) -> list[Organization]:
    own = organization_of(request)
    return list(Organization.objects.all()) if own is None else [own]
