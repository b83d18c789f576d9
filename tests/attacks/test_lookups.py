"""Addresses of lists and pages that ask for more than they may, or with values of another form."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db.models import Field, Model
from django.http import HttpResponse
from django.test import Client, RequestFactory

from organizations.back_office.base import REFUSED_ADDRESS
from organizations.back_office.filters import RelatedRowFilter
from organizations.back_office.secret_columns import names_secret
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.attacks.pages import all_actions, all_pages
from tests.attacks.places import Place, fingerprint, open_places
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.staff import StaffMemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
LISTS = [model._meta.label_lower.replace(".", "_") for model in admin.site._registry]
MODELS: Mapping[str, type[Model]] = {model._meta.label_lower.replace(".", "_"): model for model in admin.site._registry}
LOOKUPS = ["exact", "regex", "startswith", "gt", "in", "isnull", "icontains", "range"] if FULL else ["regex"]
ODD_VALUES = [
    "²",
    "\x00",
    "9" * 5000,
    "(",
    "٣",
    "-1",
    "1e9",
    "9" * 19,
    "2026-13-45",
    "0001-01-01",
    "x" * 301,
    "1&2",
    "\u202e",
    "%00",
]
ODD_IDS = ["%00", "%C2%B2", "9" * 5000, "%D9%A3", "9" * 4000, "9" * 19, "-1", "1.5", "x", "_5F", "1%0A"]
SOME_VALUES = ODD_VALUES if FULL else ODD_VALUES[:3]
SOME_IDS = ODD_IDS if FULL else ODD_IDS[:3]


@pytest.fixture
def browser(organization: Organization) -> Client:
    """An operator, who sees every list. A failure of the server is an answer, as for a browser."""
    client = log_in(StaffMemberFactory(operator=True, username="operator"))
    client.raise_request_exception = False
    return client


@pytest.fixture
def places(organization: Organization) -> dict[str, Place]:
    with unscoped("tests make their rows"):
        return open_places(organization)


def ask(browser: Client, noun: str, **query: str) -> HttpResponse:
    return browser.get(f"{list_of(noun)}?{urlencode(query)}")


def is_refused(answer: HttpResponse) -> bool:
    """True if the answer leads to the list without rows."""
    return answer.status_code == 302 and answer["Location"].endswith("/?e=1")


def declared(noun: str) -> set[str]:
    """The parameters that the list declares."""
    request = RequestFactory().get("/admin/")
    request.user = StaffMember(is_superuser=True, is_active=True, username="operator")
    model_admin: Any = admin.site._registry[MODELS[noun]]
    return set(model_admin.list_parameters(request))


def paths(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Paths to the columns of a model and of those that it refers to."""
    for field in model._meta.get_fields():
        if isinstance(field, Field):
            yield field.name
        if depth and field.related_model and not isinstance(field.related_model, str):
            yield from (f"{field.name}__{path}" for path in paths(field.related_model, depth - 1))


@pytest.mark.parametrize("noun", LISTS)
def test_no_list_is_filtered_by_a_column_that_it_does_not_declare(browser: Client, noun: str) -> None:
    columns = list(paths(MODELS[noun], 1 if FULL else 0))
    asked = {f"{column}__{lookup}" for column in columns for lookup in LOOKUPS} - declared(noun)
    assert [name for name in sorted(asked) if not is_refused(ask(browser, noun, **{name: "1"}))] == []


@pytest.mark.parametrize("noun", LISTS)
def test_no_list_is_filtered_or_sorted_by_a_secret(browser: Client, noun: str) -> None:
    secrets = [path for path in paths(MODELS[noun]) if names_secret(path)][: None if FULL else 8]
    asked = [f"{path}{lookup}" for path in secrets for lookup in ("", "__regex", "__startswith")]
    assert [name for name in asked if not is_refused(ask(browser, noun, **{name: "a"}))] == []
    assert not [name for name in declared(noun) if names_secret(name)]


@pytest.mark.parametrize("noun", LISTS)
def test_values_of_another_form_are_refused_and_never_a_failure(browser: Client, noun: str) -> None:
    names = [*declared(noun), "_popup", "_to_field", "_facets", "all", "e", "nonsense"]
    answers = {(name, value): ask(browser, noun, **{name: value}) for name in names for value in SOME_VALUES}
    assert [case for case, answer in answers.items() if not (answer.status_code == 200 or is_refused(answer))] == []
    assert all(
        is_refused(answer) for (name, _), answer in answers.items() if name not in {"q", "e"} and "icontains" not in name
    )


def test_a_refused_address_leads_to_a_list_without_rows(browser: Client, places: dict[str, Place]) -> None:
    for noun in LISTS:
        assert is_refused(ask(browser, noun, e="1", nonsense="1"))
        answer = ask(browser, noun, e="1")
        assert shown(answer) == []
        assert [str(message) for message in get_messages(answer.wsgi_request)] == [REFUSED_ADDRESS]  # type: ignore[attr-defined]


def test_a_filter_whose_value_names_nothing_shows_nothing(browser: Client, places: dict[str, Place]) -> None:
    request = RequestFactory().get("/admin/")
    request.user = StaffMember.objects.get(username="operator")
    for noun, model in MODELS.items():
        model_admin: Any = admin.site._registry[model]
        for entry in model_admin.get_list_filter(request):
            if isinstance(entry, type) and issubclass(entry, RelatedRowFilter):
                answer = ask(browser, noun, **{str(entry.parameter_name): "999999999999"})
                assert shown(answer) == [], noun
                assert "nothing is shown" in answer.content.decode()


def test_a_customer_out_of_sight_filters_nothing_in(places: dict[str, Place]) -> None:
    own = places["own"].till.store
    manager = log_in(StaffMemberFactory(organization=own.organization, role="store_manager", stores=[own]))
    visible = [noun for noun in LISTS if "customer" in declared(noun) and ask(manager, noun).status_code == 200]
    assert len(visible) > 10
    for noun in visible:
        answers = {name: ask(manager, noun, customer=str(place.customer.pk)) for name, place in places.items()}
        assert {name: bool(shown(answer)) for name, answer in answers.items()} == {
            "own": True, "elsewhere": False, "foreign": False,
        }, noun  # fmt: skip


@pytest.mark.parametrize("method", ["get", "post"])
def test_ids_of_another_form_are_refused_in_every_address(browser: Client, places: dict[str, Place], method: str) -> None:
    before = fingerprint()
    wrong = []
    for page in all_pages():
        for address in page.addresses(places["own"])[:1] if page.row_model else ():
            for odd in SOME_IDS:
                # Each number of the address in turn: ids of rows.
                for match in re.finditer(r"(?<=/)\d+(?=/)", address):
                    asked = f"{address[: match.start()]}{odd}{address[match.end() :]}"
                    status = getattr(browser, method)(asked).status_code
                    if status not in {302, 403, 404}:
                        wrong.append((page.name, odd[:8], status))
    assert not wrong
    assert fingerprint() == before


@pytest.mark.parametrize(
    "query", [{"p": "²"}, {"p": "9" * 5000}, {"p": "0"}, {"_changelist_filters": "\x00"}, {"_to_field": "password"}]
)
def test_other_parameters_of_pages_are_no_failure(browser: Client, places: dict[str, Place], query: dict[str, str]) -> None:
    nouns = LISTS if FULL else LISTS[:3]
    for noun in nouns:
        page = page_of(noun, places["own"].rows[MODELS[noun]])
        for address in (page, page.replace("/change/", "/history/")):
            assert browser.get(f"{address}?{urlencode(query)}").status_code in {200, 302, 400}


def test_a_new_row_of_an_unknown_organization_is_no_failure(browser: Client) -> None:
    for odd in ("\x00", "²", "x" * 5000):
        assert browser.get(f"/admin/organizations/store/add/?organization={quote(odd)}").status_code == 200


def test_a_selection_of_another_form_changes_nothing(browser: Client, places: dict[str, Place]) -> None:
    before = fingerprint()
    for model, names in all_actions().items():
        for odd in SOME_VALUES:
            address = list_of(model._meta.label_lower.replace(".", "_"))
            for name in names:
                assert browser.post(address, {"action": name, "_selected_action": [odd]}).status_code == 302
            assert browser.post(address, {"action": odd, "_selected_action": ["1"], "index": odd}).status_code in {200, 302}
    assert fingerprint() == before


def test_addresses_that_no_page_uses_are_not_served(browser: Client) -> None:
    for address in (
        "search/?s=a&page=x",
        "autocomplete/?app_label=organizations&model_name=till&field_name=store&term=a",
        "r/1/1/",
    ):
        assert browser.get(f"/admin/{address}").status_code == 404


def test_the_root_leads_to_the_back_office(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"


def test_links_and_forms_of_pages_are_admitted_by_their_lists(browser: Client, places: dict[str, Place]) -> None:
    own = places["own"]
    pages = ["/admin/", list_of("customers_customer"), list_of("engagement_bill")]
    pages += [
        page_of(noun, own.rows[MODELS[noun]])
        for noun in ("customers_customer", "engagement_pointsaccount", "customers_segment")
    ]
    links: set[str] = set()
    for page in pages:
        content = browser.get(page).content.decode()
        found = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*\?[^"]*)"', content)}
        links |= {link if link.startswith("/") else f"{page}{link}" for link in found if not link.startswith("http")}
    assert {"customer", "organization"} <= {name for link in links for name in re.findall(r"[?&](\w+)=", link)}
    assert [link for link in sorted(links) if is_refused(browser.get(link))] == []
