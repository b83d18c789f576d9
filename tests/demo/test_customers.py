"""Who are the customers of the demo?"""

from collections import Counter
from datetime import date

from customers.identifiers.values import read_email, read_mobile
from customers.profile.text import fold, read_name
from demo.log_ins import FIRST_CALLER, SECOND_CALLER
from demo.people import DAYS, HOW_MANY, demo_items, demo_standings

TODAY = date(2026, 3, 1)
COUNTRIES = ["CA", "US", "GB", "DE", "SE"]


def test_people_are_the_same_at_every_run_except_dates() -> None:
    items, later = demo_items(today=TODAY), demo_items(today=date(2026, 9, 9))
    assert items == demo_items(today=TODAY)
    assert len(items) == HOW_MANY
    for item in [*items, *later]:
        del item["registered_on"]
    assert items == later


def test_identifiers_are_unique_and_differ_from_the_examples() -> None:
    everybody = [*demo_items(today=TODAY), FIRST_CALLER, SECOND_CALLER]
    for kind in ("mobile", "email", "external_id"):
        values = [item[kind] for item in everybody if kind in item]
        assert len(values) == len(set(values)) > 500
    assert all("mobile" in item or "email" in item for item in everybody)


def test_identifiers_and_names_are_good_as_they_are() -> None:
    for item in demo_items(today=TODAY):
        if "mobile" in item:
            assert read_mobile(item["mobile"], countries=COUNTRIES) == item["mobile"]
        if "email" in item:
            assert read_email(item["email"]) == item["email"]
        for name in (item["firstname"], item["lastname"]):
            assert read_name(name) == (name, True)


def test_demo_numbers_and_mail_addresses_reach_no_person() -> None:
    for item in demo_items(today=TODAY):
        mobile = item.get("mobile", "")
        premium = mobile.startswith("44902") and mobile[5:10] == "55501"
        assert not mobile or premium or mobile[4:9] == "55501" or mobile.startswith(("49176040690", "467017406"))
        assert item.get("email", "@example.com").endswith("@example.com")


def test_they_joined_in_the_two_years_before_today() -> None:
    days = [(TODAY - date.fromisoformat(item["registered_on"][:10])).days for item in demo_items(today=TODAY)]
    assert min(days) == 1
    assert DAYS - 20 < max(days) <= DAYS


def test_names_come_in_many_scripts() -> None:
    scripts = Counter(len(fold(item["firstname"]).encode()) > len(item["firstname"]) for item in demo_items(today=TODAY))
    assert scripts[True] > 500
    assert scripts[False] > 500


def test_memberships_are_the_same_at_every_run() -> None:
    items = demo_items(today=TODAY)
    standings = demo_standings(items, today=TODAY)
    assert standings == demo_standings(items, today=TODAY)
    cycles = Counter(one.partitions.get("lifecycle") for one in standings)
    bands = Counter(one.partitions.get("spend-band") for one in standings)
    assert set(cycles) == {"new", "active", "lapsing", "lapsed", None}
    assert set(bands) == {"low", "mid", "high", None}
    labels = {"", "Good standing", "On hold", "Under review", "Closed for fraud", "Colleague"}
    assert {one.label for one in standings} == labels
    assert all(one.reason for one in standings if one.label)
    assert any(one.picture for one in standings)
    roles = Counter(role for one in standings for role in one.roles.items())
    assert roles["PADDLE-CLUB", "MEMBER"] > 5
    assert [count for (_, role), count in roles.items() if role == "PRIMARY"] == [1, 1, 1]
