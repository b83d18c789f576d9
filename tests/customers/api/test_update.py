"""customer/update (docs/protocol.md 4.2)."""

import pytest

from customers.profile.models import Customer
from engagement.programs.models import Program
from subscriptions.models import Consent
from tests.api import fields
from tests.factories.consents import AT, without_table
from tests.factories.fields import FieldFactory
from tests.factories.programs import ProgramVersionFactory
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(api):
    return api.add(
        mobile="9812345678",
        email="asha@example.com",
        external_id="E-1",
        firstname="Asha",
        lastname="Rao",
        custom_fields=fields(age="30"),
    ).item


@pytest.mark.parametrize(
    ("key", "source"),
    [("mobile", "mobile"), ("email", "email"), ("external_id", "external_id"), ("id", "user_id"), ("user_id", "user_id")],
)
def test_customer_is_found_by_every_identifier(api, asha, key, source):
    answer = api.update(**{key: asha[source]}, firstname="Usha")
    assert (answer.message, answer.item["user_id"], answer.item["firstname"]) == (
        "Customer successfully updated", asha["user_id"], "Usha",
    )  # fmt: skip


def test_put_is_post(api, asha):
    assert api.call("PUT", "update", "", {"customer": {"mobile": asha["mobile"], "lastname": "Put"}}).item["lastname"] == "Put"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"mobile": "9812345670"}, "1012"),
        ({"email": "nobody@example.com"}, "1012"),
        ({"external_id": "nobody"}, "1012"),
        ({"id": "999999999"}, "1011"),
        ({"id": "9" * 30}, "1011"),
        ({"firstname": "Ghost"}, "1015"),
        ({"id": "abc"}, "400"),
        ({"mobile": "12ab"}, "1001"),
    ],
)
def test_no_customer_is_created(api, item, code):
    assert api.update(item).code == code
    assert not Customer.objects.exists()


def test_blank_values_change_nothing(api, asha):
    item = api.update(
        id=asha["user_id"], mobile="", email=None, external_id=" ", firstname="", lastname=None, custom_fields=fields(age="")
    ).item
    kept = ("mobile", "email", "external_id", "firstname", "lastname", "custom_fields")
    assert [item[key] for key in kept] == [asha[key] for key in kept]


def test_registration_date_is_corrected_within_its_limits(api, asha):
    assert api.update(id=asha["user_id"], registered_on="2020-02-03 04:05:06").item["registered_on"] == "2020-02-03 04:05:06"
    assert api.update(id=asha["user_id"], registered_on="1980-01-01").code == "1034"


def test_fields_change_one_by_one(api, asha):
    item = api.update(id=asha["user_id"], custom_fields=fields(FavoriteColor="Red"), extended_fields=fields(city="Pune")).item
    assert item["custom_fields"]["field"] == [{"name": "FavoriteColor", "value": "Red"}, {"name": "age", "value": "30"}]
    assert item["extended_fields"]["field"] == [{"name": "city", "value": "Pune"}]


def test_channels_are_replaced_by_type_and_value_and_added_otherwise(api, asha):
    first = {"type": "WHATSAPP", "value": "1", "verified": "false"}
    api.update(id=asha["user_id"], commChannels=[first])
    api.update(id=asha["user_id"], commChannels=[{**first, "verified": "true"}, {"type": "LINE", "value": "2"}])
    channels = Customer.objects.get().comm_channels
    assert [(channel["type"], channel["value"], channel["verified"]) for channel in channels] == [
        ("WHATSAPP", "1", True),
        ("LINE", "2", False),
    ]


def test_a_customer_has_at_most_a_hundred_channels(api, asha):
    channels = [{"type": "LINE", "value": str(number)} for number in range(100)]
    assert api.update(id=asha["user_id"], commChannels=channels).warnings == []
    answer = api.update(id=asha["user_id"], commChannels=[{"type": "LINE", "value": "more"}], firstname="Usha")
    assert (answer.code, answer.warnings, answer.item["firstname"]) == ("1000", ["91003"], "Usha")
    assert [channel["value"] for channel in Customer.objects.get().comm_channels] == [str(number) for number in range(100)]


def test_kept_identifiers_are_reported(api, asha):
    answer = api.update(id=asha["user_id"], mobile="9812345679", email="new@example.com", external_id="E-2")
    assert answer.message == (
        "Customer successfully updated, Mobile is a primary key. Mobile cannot be updated, "
        "Email update is not allowed, External ID update is not allowed"
    )
    assert (answer.warnings, answer.item["mobile"]) == (["91005", "91006", "91006"], asha["mobile"])


def test_an_identifier_of_another_is_refused_without_merging(api, organization, asha):
    organization.flags = {"AUTO_MERGE_ON_IDENTIFIER_COLLISION": False}
    organization.save()
    api.add(mobile="9812345679", email="usha@example.com", external_id="E-9")
    other = api.add(mobile="9812345670").item
    assert api.update(id=other["user_id"], email="usha@example.com").code == "1016"
    assert api.update(id=other["user_id"], external_id="E-9").code == "1033"
    assert api.update(id=other["user_id"], mobile="9812345679").code == "1032"


def test_consents_are_changed_and_returned(api, asha):
    pair = {"channel": "SMS", "priority": "BULK", "is_subscribed": "1"}
    assert api.update(id=asha["user_id"], subscriptions=[pair]).item["subscriptions"]["subscription"][0]["status"] == "1"
    changed = api.update(id=asha["user_id"], subscriptions={"subscription": {**pair, "is_subscribed": "0"}})
    assert changed.item["subscriptions"]["subscription"] == [
        {"channel": "SMS", "priority": "BULK", "scope": "ALL", "status": "0"}
    ]
    assert api.update(id=asha["user_id"], firstname="Usha").item["subscriptions"] == changed.item["subscriptions"]


def test_consents_that_cannot_be_read_are_warned_of_and_the_update_stays(api, asha):
    with without_table("subscriptions_consent"):
        answer = api.update(id=asha["user_id"], firstname="Usha", lastname="R*o")
    assert (answer.code, answer.warnings, answer.item["subscriptions"]) == ("1000", ["91002", "91003"], {"subscription": []})
    assert Customer.objects.get().firstname == "Usha"


def test_loyalty_is_not_left_and_nothing_of_the_item_is_applied(api, asha):
    assert api.update(id=asha["user_id"], firstname="Bea", type="NON_LOYALTY").code == "1046"
    assert Customer.objects.get().firstname == "Asha"


def test_conversion_counts_stored_and_sent_identifiers(api, organization):
    organization.flags = {"CONF_USERS_IS_EMAIL_REQUIRED": 1, "CONF_USERS_IS_EXTERNAL_ID_REQUIRED": 1}
    organization.save()
    bo = api.add(mobile="9812345678", type="NON_LOYALTY").item
    assert api.update(id=bo["user_id"], type="LOYALTY").code == "1048"
    assert api.update(id=bo["user_id"], type="LOYALTY", email="bo@example.com").code == "1049"
    assert api.update(id=bo["user_id"], email="bo@example.com").item["type"] == "NON_LOYALTY"
    assert api.add(mobile="9812345678", type="LOYALTY", external_id="E").item["type"] == "LOYALTY"


def test_field_that_became_mandatory_is_asked_for(api, asha, organization):
    FieldFactory(organization=organization, name="Language", is_mandatory=True)
    assert api.update(id=asha["user_id"], firstname="Usha").code == "1017"
    assert api.update(id=asha["user_id"], firstname="Usha", custom_fields=fields(Language="Hindi")).code == "1000"
    assert api.update(id=asha["user_id"], firstname="Asha").code == "1000"


def test_fraud_closes_identifier_changes_and_opens_when_lifted(api):
    api.add(mobile="9812345678", fraud_status="CONFIRMED")
    assert api.update(mobile="9812345678", email="new@example.com").code == "618"
    assert api.update(mobile="9812345678", firstname="Ann").code == "1000"
    assert api.update(mobile="9812345678", fraud_status="NOT_FRAUD").item["fraud_status"] == "NOT_FRAUD"
    assert api.update(mobile="9812345678", email="new@example.com").item["email"] == "new@example.com"


def test_a_label_blocks_identifier_changes(api, organization):
    api.add(mobile="9812345678", fraud_status="CONFIRMED")
    asha = Customer.objects.get()
    label(asha, CustomerStatusFactory(organization=organization, blocks=["identifier_change"]), status_reason="Odd returns")
    assert api.update(mobile="9812345678", email="asha@example.com").code == "618"
    answer = api.update(mobile="9812345678", firstname="Asha", fraud_status={"status": "NOT_FRAUD", "reason": "fine"})
    assert (answer.code, answer.warnings) == ("1000", ["91003"])
    assert (answer.item["fraud_status"], answer.item["reason"]) == ("NONE", "Odd returns")
    asha.refresh_from_db()
    assert (asha.fraud_status, asha.fraud_reason) == ("CONFIRMED", "")
    label(asha, CustomerStatusFactory(organization=organization, status="ACTIVE"))
    assert api.update(mobile="9812345678", email="asha@example.com").item["email"] == "asha@example.com"


@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
@pytest.mark.parametrize("action", ["add", "update"])
def test_accounts_on_their_way_out_are_updated_no_more(api, organization, action, status):
    api.add(mobile="9812345678", firstname="Asha")
    asha = Customer.objects.get()
    label(asha, CustomerStatusFactory(organization=organization, status=status))
    pair = {"channel": "SMS", "priority": "BULK", "is_subscribed": "1"}
    answer = getattr(api, action)(mobile="9812345678", firstname="Usha", subscriptions=[pair])
    assert (answer.code, answer.message) == ("1024", "Unable to update customer profile.")
    # What is wrong with the item itself comes first (docs/protocol.md 5.2).
    assert getattr(api, action)(mobile="9812345678", type="NON_LOYALTY").code == "1046"
    asha.refresh_from_db()
    assert (asha.firstname, asha.version, Consent.objects.count()) == ("Asha", 0, 0)
    label(asha, CustomerStatusFactory(organization=organization))
    assert getattr(api, action)(mobile="9812345678", firstname="Usha").item["firstname"] == "Usha"


def test_of_two_updates_both_count_as_the_second_sees_the_first(api):
    """Items are locked, so that tills never meet the conflict that a form can meet (docs/protocol.md 5, code 1024)."""
    api.add(mobile="9812345678")
    answer = api.update({"mobile": "9812345678", "firstname": "Asha"}, {"mobile": "9812345678", "lastname": "Rao"})
    assert (answer.codes, Customer.objects.get().full_name) == (["1000", "1000"], "Asha Rao")


def test_the_reason_of_a_fraud_status_is_that_of_its_last_change(api):
    assert api.add(mobile="9812345678").item["reason"] == ""
    marked = api.update(mobile="9812345678", fraud_status={"status": "MARKED", "reason": "odd bills"})
    assert (marked.item["fraud_status"], marked.item["reason"]) == ("MARKED", "odd bills")
    api.update(mobile="9812345678", fraud_status="MARKED")
    assert api.get("mobile=9812345678").item["fraud_details"]["reason"] == "odd bills"
    api.update(mobile="9812345678", fraud_status={"status": "MARKED", "reason": "and returns"})
    assert api.get("mobile=9812345678").item["fraud_details"]["reason"] == "and returns"
    assert api.update(mobile="9812345678", fraud_status="NOT_FRAUD").item["reason"] == ""


def test_a_blocked_customer_joins_without_the_welcome_award(api, organization):
    program = Program.objects.get()
    ProgramVersionFactory(program=program, number=2, rules={"enrolment": {"points": 50}}, made_at=AT)
    api.add(mobile="9812345678", type="NON_LOYALTY")
    label(Customer.objects.get(), CustomerStatusFactory(organization=organization, blocks=["points_issue"]))
    answer = api.update(mobile="9812345678", type="LOYALTY")
    assert (answer.code, answer.warnings, answer.item["loyalty_points"]) == ("1000", ["1010"], 0)
    assert api.add(mobile="9812345679").item["loyalty_points"] == 50
