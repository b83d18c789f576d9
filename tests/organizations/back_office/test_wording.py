"""Each page of the back office, as staff read it: labels in place of stored values, and numbers without empty decimals."""

import os
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.test import Client
from lxml import html

from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.attacks.pages import all_pages
from tests.attacks.places import open_places
from tests.back_office import log_in
from tests.factories.staff import StaffMemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
# A pair of value and label that was printed as it is.
PAIR = re.compile(r"\('")
# The organization's page names policies and fields as documents do; forms name their fields as the organization file does.
NAMES_KEYS = re.compile(r"/organizations/organization/|/(couponseries|referralcampaign)/(add|\d+/(edit|yaml))/")
EMPTY_DECIMALS = re.compile(r"\b\d+\.\d\d0\b")


def stored_values() -> set[str]:
    """Values of choices that no page should show, because they have another label."""
    return {
        str(value)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        for value, label in field.flatchoices or ()
        if "_" in str(value) and str(value) != str(label)
    }


def text_of(content: bytes) -> str:
    page = html.fromstring(content)
    for hidden in page.xpath("//script|//style|//select|//template"):
        hidden.drop_tree()
    return " ".join(page.text_content().split())


def pages_of(browser: Client, organization: Organization) -> Iterator[tuple[str, str]]:
    """Address and text of each page that shows a row of a store of the organization."""
    with unscoped("tests make their rows"):
        place = open_places(organization)["own"]
    for page in all_pages() if FULL else all_pages()[::8]:
        for address in page.addresses(place):
            answer = browser.get(address)
            if answer.status_code == 200 and not answer.streaming:
                yield address, text_of(answer.content)


def test_pages_show_labels_and_plain_numbers(organization: Organization) -> None:
    browser = log_in(StaffMemberFactory(organization=organization, role="org_admin", username="reader"))
    codes = re.compile(r"\b(" + "|".join(sorted(map(re.escape, stored_values()))) + r")\b")
    seen, wrong = 0, []
    for address, text in pages_of(browser, organization):
        seen += 1
        matches = [match for pattern in (PAIR, EMPTY_DECIMALS, codes) if (match := pattern.search(text))]
        if not NAMES_KEYS.search(address):
            wrong += [f"{address}: {text[max(0, match.start() - 30) : match.end() + 30]}" for match in matches]
    assert seen > (80 if FULL else 8)
    assert "\n".join(wrong) == ""
