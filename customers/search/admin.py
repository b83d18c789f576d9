"""Search boxes of back-office lists that find customers."""

from functools import reduce
from operator import or_

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext

from customers.search.staff import LIMIT, Reach, find_customers, identifier_prefixes, starts_with
from loyalty_project.protocol.plain_text import trim
from organizations.back_office.current_user import organization_of, own_stores
from organizations.staff.reach import current_reach
from organizations.tenancy.models import Organization


def matching_customers(request: HttpRequest, term: str) -> set[int]:
    """Ids of customers matching the term that the current user may see; adds a message if the result is cut off."""
    reach = Reach(organizations=_organizations(request), stores=own_stores(request), is_whole=not current_reach().sees_everyone)
    ids = find_customers(term, reach)
    if reach.is_whole and not ids:
        messages.info(
            request, gettext("Personal data is masked for your role: type the whole mobile, e-mail, id or card number.")
        )
    if len(ids) >= LIMIT:
        messages.info(request, gettext("Many customers match; not all are shown. Type more to narrow the search."))
    return ids


def matching_values(request: HttpRequest, term: str, *columns: str) -> Q:
    """Rows with an identifier in one of the columns, current or former, that starts like the term.

    For users who see masked values it has to be the term.
    """
    term = " ".join(trim(term).split())
    values = {value for _, value in identifier_prefixes(term, _organizations(request))}
    if not current_reach().sees_everyone:
        return reduce(or_, (Q(**{f"{column}__in": values}) for column in columns))
    return reduce(or_, (Q(**starts_with(column, value)) for value in values for column in columns))


def _organizations(request: HttpRequest) -> list[Organization]:
    own = organization_of(request)
    return list(Organization.objects.all()) if own is None else [own]
