"""Languages of the back office: pages follow the cookie or the browser, the API always speaks English."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.utils import translation

from customers.profile.models import Customer
from engagement.numbers.display import format_money, format_points
from organizations.locations.models import Till
from scripts.messages import read_catalog
from tests.api import Api

_HEADING = re.compile(r"<(h1|h2|h3|th|label|legend|dt|button|summary)\b[^>]*>(.*?)</\1>", re.DOTALL)


def choose(browser: Client, language: str) -> None:
    browser.cookies["language"] = language


def headings(page: str) -> list[str]:
    """The texts of headings, columns, labels and buttons, without marks, icons and the names of values in the audit."""
    page = re.sub(r"<dl class=\"bo-changes\".*?</dl>", "", page, flags=re.DOTALL)
    page = re.sub(r"<span class=\"material-symbols-outlined.*?</span>", "", page, flags=re.DOTALL)
    texts = (unescape(re.sub(r"<[^>]+>", " ", text)) for _tag, text in _HEADING.findall(page))
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("hi", "ltr"), ("ar", "rtl")])
def test_pages_are_in_the_chosen_language(administrator: Client, anna: Customer, language: str, direction: str) -> None:
    choose(administrator, language)
    english = {
        text
        for word in (() if language == "en" else read_catalog(language))
        if word.id and isinstance(word.id, str) and word.string != word.id
        for text in (word.id, f"{word.id[:1].upper()}{word.id[1:]}")
    }
    customer = f"/admin/customers/customer/{anna.pk}/change/"
    for address in (
        "/admin/",
        "/admin/customers/customer/",
        customer,
        "/admin/customers/customer/add/",
        "/admin/tickets/ticket/",
    ):
        page = administrator.get(address).content.decode()
        assert f'<html lang="{language}" dir="{direction}"' in page
        assert [text for text in headings(page) if text in english] == [], address


def test_the_log_in_page_is_in_the_language_of_the_browser(db: None) -> None:
    page = Client(headers={"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}).get("/admin/login/")
    assert "Se connecter" in page.content.decode()
    assert "Accept-Language" in page["Vary"]
    assert "Log in" in Client(headers={"accept-language": "fi"}).get("/admin/login/").content.decode()


def test_a_language_is_chosen_by_a_form_of_the_page(administrator: Client) -> None:
    chosen = administrator.post("/admin/language/", {"language": "hi", "next": "/admin/customers/customer/"})
    assert chosen["Location"] == "/admin/customers/customer/"
    assert chosen.cookies["language"]["httponly"]
    assert 'lang="hi"' in administrator.get("/admin/").content.decode()


def test_the_choice_is_no_open_redirect_and_needs_a_token(administrator: Client) -> None:
    assert administrator.post("/admin/language/", {"language": "fr", "next": "https://evil.example/"})["Location"] == "/"
    assert "language" not in administrator.get("/admin/language/?language=ar").cookies
    assert Client(enforce_csrf_checks=True).post("/admin/language/", {"language": "fr"}).status_code == 403


def test_the_api_speaks_english_whatever_the_caller_or_the_last_page_spoke(
    till: Till, anna: Customer, administrator: Client
) -> None:
    read = f"id={anna.pk}&format=json"
    plain = Api(till).get(read).http
    choose(administrator, "ar")
    administrator.get(f"/admin/customers/customer/{anna.pk}/change/")
    assert translation.get_language() == "en"
    other = Api(till).call("GET", "get", read, accept_language="ar", cookie="language=ar").http
    assert plain.status_code == other.status_code == 200
    assert plain.content == other.content
    assert "Accept-Language" not in other.get("Vary", "")


def test_numbers_have_the_separators_of_the_language() -> None:
    shown = {}
    for language in ("en", "fr", "hi", "ar"):
        with translation.override(language):
            shown[language] = (format_points(Decimal("1250000.500")), format_money(Decimal(1250)))
    assert shown == {
        "en": ("1,250,000.5", "1,250.00"),
        "fr": ("1\u202f250\u202f000,5", "1\u202f250,00"),
        "hi": ("12,50,000.5", "1,250.00"),
        "ar": ("1,250,000.5", "1,250.00"),
    }
