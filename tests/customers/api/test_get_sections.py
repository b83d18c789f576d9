"""Consents, cards, segments and user groups of customer/get (docs/protocol.md 4.5)."""

from datetime import date

import pytest
from django.db import connection
from structlog.testing import capture_logs

from engagement.programs.models import Program
from organizations.tenancy.scoping import organization_scope
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.consents import without_table
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.segments import SegmentFactory, put_into

pytestmark = pytest.mark.django_db


def test_blocks_that_are_on_by_default_can_be_left_out(api, asha):
    item = api.get("mobile=9812345678&registered_store=false&registered_till=0&fraud_details=false").item
    assert not {"registered_store", "registered_till", "fraud_details"} & set(item)


@pytest.mark.parametrize("flag", ["ndnc_status=true", "ndsc_status=1"])
def test_ndnc_status_when_asked_for(api, asha, flag):
    assert api.get(f"mobile=9812345678&{flag}").item["ndnc_status"] == "NONE"
    api.update(mobile="9812345678", ndnc_status="DND")
    assert api.get(f"mobile=9812345678&{flag}").item["ndnc_status"] == "DND"


def test_consents_when_asked_for(api, asha):
    assert not {"subscriptions", "optin_status"} & set(api.get("mobile=9812345678").item)
    both = "mobile=9812345678&subscriptions=1&optin_status=true"
    assert consents_of(api.get(both)) == ([], "NONE")
    pairs = [
        {"channel": "EMAIL", "priority": "BULK", "is_subscribed": "1"},
        {"channel": "SMS", "priority": "TRANS", "is_subscribed": "0"},
    ]
    api.update(mobile="9812345678", subscriptions=pairs)
    answer = api.get(both)
    assert consents_of(answer) == (
        [
            {"channel": "SMS", "priority": "TRANS", "scope": "ALL", "status": "0"},
            {"channel": "EMAIL", "priority": "BULK", "scope": "ALL", "status": "1"},
        ],
        "PARTIAL",
    )
    keys = list(answer.item)
    assert keys[keys.index("trackers") : keys.index("custom_fields")] == [
        "trackers", "optin_status", "subscriptions", "current_nps_status",
    ]  # fmt: skip
    assert "subscriptions" not in api.get("mobile=9812345678&optin_status=true").item


def consents_of(answer):
    return answer.item["subscriptions"]["subscription"], answer.item["optin_status"]


def test_consents_that_cannot_be_read_are_warned_of(api, asha):
    with without_table("subscriptions_consent"):
        answer = api.get("mobile=9812345678&subscriptions=true&optin_status=true")
    assert (answer.code, answer.warnings, consents_of(answer)) == ("1000", ["91002"], ([], "NONE"))
    assert answer.message == "Customer successfully retrieved, Failed to get subscription details"


def test_cards_when_asked_for_and_as_a_way_in(api, organization):
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="G-1", external_id="X-1", expires_on=date(2099, 12, 31))
    assert api.get("card_number=G-1").code == "1011"
    api.add(mobile="9812345678", card_number="G-1")
    (card,) = api.get("card_external_id=X-1&card_details=true").item["card_details"]
    issued = card.pop("issued_date")
    assert len(issued) == len("2024-03-05 10:11:12")
    assert card == {
        "card_number": "G-1", "card_external_id": "X-1", "series_id": str(series.pk), "series_code": "GOLD",
        "series_name": "GOLD card", "type": "PHYSICAL", "status": "ISSUED", "label": "", "expiry_date": "2099-12-31",
    }  # fmt: skip
    assert "card_details" not in api.get("card_number=G-1").item
    xml = api.get("card_number=G-1&card_details=true&format=xml").xml
    assert [element.findtext("card_number") for element in xml.iterfind(".//card_details/card")] == ["G-1"]


def test_segments_when_asked_for(api, asha, organization, band):
    put_into(
        SegmentFactory(organization=organization, name="age", partitions=["young", "old"]).partitions.all()[1], asha["user_id"]
    )
    put_into(band[1], asha["user_id"])
    item = api.get("mobile=9812345678&segments=true").item
    assert item["segments"] == {"segment": [{"name": "age", "value": "old"}, {"name": "band", "value": "mid"}]}
    assert list(item)[list(item).index("segments") + 1] == "current_nps_status"
    assert "segments" not in api.get("mobile=9812345678").item
    assert api.get("mobile=9812345678&segments=true&format=xml").xml.findtext(".//segments/segment/value") == "old"


def test_inactive_segments_and_partitions_are_not_printed(api, asha, organization, band):
    (old,) = SegmentFactory(organization=organization, name="old", partitions=["x"], is_active=False).partitions.all()
    put_into(band[0], asha["user_id"])
    put_into(old, asha["user_id"])
    assert api.get("mobile=9812345678&segments=1").item["segments"] == {"segment": [{"name": "band", "value": "low"}]}
    band[0].is_active = False
    band[0].save()
    assert api.get("mobile=9812345678&segments=1").item["segments"] == {"segment": []}


def test_segments_that_cannot_be_read_cost_a_warning_alone(api, asha, band):
    api.add(mobile="9812345679")
    put_into(band[1], asha["user_id"])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customersegment RENAME TO elsewhere")
    with capture_logs() as logs:
        answer = api.get("mobile=9812345678,9812345679,9812345670&segments=true&user_group=true&card_details=true")
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["best_effort_failed"]
    assert answer.codes == ["1000", "1000", "1012"]
    known, _, unknown = answer.items
    assert known["item_status"]["warnings"] == {"warning": ["91004"]}
    assert known["item_status"]["message"] == ("Customer successfully retrieved, Failed to get segmentation details")
    assert (known["segments"], known["firstname"], known["card_details"]) == ({"segment": []}, "Asha", [])
    assert unknown["item_status"]["warnings"] == {"warning": []}
    assert api.get("mobile=9812345678").warnings == []


def test_user_groups_when_asked_for(api, asha, organization):
    boris = api.add(mobile="9812345679").item
    family, crew = (
        UserGroupFactory(organization=organization, external_id="G1", name="Family"),
        UserGroupFactory(organization=organization, external_id="G2", name="Crew"),
    )
    gone = UserGroupFactory(organization=organization, external_id="G0", is_active=False)
    join_group(crew, asha["user_id"])
    join_group(family, asha["user_id"])
    join_group(gone, asha["user_id"])
    join_group(family, boris["user_id"], role="PRIMARY")
    item = api.get("mobile=9812345678&user_group=true").item
    assert item["user_groups2"] == [
        {
            "id": str(family.pk), "external_id": "G1", "name": "Family", "role": "MEMBER",
            "primary_user_id": str(boris["user_id"]),
        },
        {"id": str(crew.pk), "external_id": "G2", "name": "Crew", "role": "MEMBER", "primary_user_id": ""},
    ]  # fmt: skip
    program = str(Program.objects.get().pk)
    assert item["group_points_summaries"] == {
        "group_points_summary": [
            {
                "group_program_id": program, "group_id": str(group.pk), "program_id": program,
                "lifetime_points": "0", "loyalty_points": "0",
            }
            for group in (family, crew)
        ]
    }  # fmt: skip
    assert api.get("mobile=9812345678&mlp=true").item["group_points_summaries"] == item["group_points_summaries"]
    assert api.get("mobile=9812345678&user_group=true&basic=1").item["user_groups2"] == item["user_groups2"]
    assert "group_points_summaries" not in api.get("mobile=9812345678&user_group=true&basic=1").item
    assert [group["role"] for group in api.get("mobile=9812345679&user_group=1").item["user_groups2"]] == ["PRIMARY"]
    plain = api.get("mobile=9812345678").item
    assert (plain["user_groups2"], "group_points_summaries" in plain) == ([], False)
    xml = api.get("mobile=9812345678&user_group=true&format=xml").xml
    assert [group.findtext("external_id") for group in xml.iterfind(".//user_groups2/user_group2")] == ["G1", "G2"]
    assert xml.find(".//group_points_summaries/group_points_summary") is not None


def test_group_points_are_empty_without_a_group(api, asha):
    for query in ("mlp=true", "mlp=1&user_group=true", "user_group=true"):
        item = api.get(f"mobile=9812345678&{query}").item
        assert item["group_points_summaries"] == {"group_points_summary": []}


def test_strangers_share_no_segment_or_group(api, stranger_api, asha, organization, band):
    stranger = stranger_api.add(mobile="9812345678").item
    bazaar = stranger_api.till.organization
    with organization_scope(bazaar):
        put_into(SegmentFactory(organization=bazaar, name="band", partitions=["top"]).partitions.all()[0], stranger["user_id"])
    put_into(band[0], asha["user_id"])
    assert api.get("mobile=9812345678&segments=true").item["segments"]["segment"][0]["value"] == "low"
    assert stranger_api.get("mobile=9812345678&segments=true").item["segments"]["segment"][0]["value"] == "top"
