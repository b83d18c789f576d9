"""Customers of the demo."""

from collections import Counter
from datetime import date

from customers.identifiers.values import read_email
from customers.profile.text import fold, read_name
from demo.customers import DAYS, HOW_MANY, demo_items
from demo.guide import FIRST_CALLER, SECOND_CALLER
from loyalty_project.phone_numbers import read_mobile

TODAY = date(2026, 3, 1)
COUNTRIES = ["CA", "US", "GB", "DE", "SE"]


def test_customers_are_the_same_at_every_run_but_for_the_dates() -> None:
    items, later = demo_items(today=TODAY), demo_items(today=date(2026, 9, 9))
    assert items == demo_items(today=TODAY)
    assert len(items) == HOW_MANY
    for item in [*items, *later]:
        del item["registered_on"]
    assert items == later


def test_identifiers_are_unique_also_among_the_examples() -> None:
    items = [*demo_items(today=TODAY), FIRST_CALLER, SECOND_CALLER]
    for kind in ("mobile", "email", "external_id"):
        values = [item[kind] for item in items if kind in item]
        assert len(values) == len(set(values)) > 500
    assert all("mobile" in item or "email" in item for item in items)


def test_identifiers_and_names_are_canonical() -> None:
    for item in demo_items(today=TODAY):
        if "mobile" in item:
            assert read_mobile(item["mobile"], countries=COUNTRIES) == item["mobile"]
        if "email" in item:
            assert read_email(item["email"]) == item["email"]
        for name in (item["firstname"], item["lastname"]):
            assert read_name(name) == (name, True)


def test_phone_numbers_and_addresses_are_unused() -> None:
    for item in demo_items(today=TODAY):
        mobile = item.get("mobile", "")
        premium = mobile.startswith("44902") and mobile[5:10] == "55501"
        assert not mobile or premium or mobile[4:9] == "55501" or mobile.startswith(("49176040690", "467017406"))
        assert item.get("email", "@example.com").endswith("@example.com")


def test_customers_registered_in_the_two_years_before_today() -> None:
    days = [(TODAY - date.fromisoformat(item["registered_on"][:10])).days for item in demo_items(today=TODAY)]
    assert min(days) == 1
    assert DAYS - 20 < max(days) <= DAYS


def test_names_come_in_many_scripts() -> None:
    scripts = Counter(len(fold(item["firstname"]).encode()) > len(item["firstname"]) for item in demo_items(today=TODAY))
    assert scripts[True] > 500
    assert scripts[False] > 500
