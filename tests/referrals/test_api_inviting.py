"""POST customer/referrals (docs/protocol.md 4.11): every code over HTTP."""

from typing import Any

import pytest

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from referrals.invitations import inviting
from referrals.invitations.models import Invitation
from tests.api import Api
from tests.factories.referrals import Friends, open_campaign
from tests.referrals.calls import invite, item, row, statuses

pytestmark = pytest.mark.django_db


def test_an_invitation_is_stored_and_printed(api: Api, friends: Friends) -> None:
    current = open_campaign(friends.organization)
    answer = invite(api, item(row(), campaign_token="FRIENDS"), query="user_id=true")
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.item == {
        "email": "asha@example.com", "mobile": "919812345678", "external_id": None, "id": str(friends.asha.pk),
        "firstname": "Asha", "lastname": "",
        "referrals": {
            "referral_type": [
                {
                    "type": "MOBILE",
                    "referral": [
                        {**row(), "status": {"success": "true", "code": "1000", "message": "Refer was successful"}}
                    ],
                }
            ]
        },
        "item_status": {
            "success": "true", "code": "1000", "message": "Referrals are invited successfully", "warnings": {"warning": []},
        },
    }  # fmt: skip
    stored = Invitation.objects.get()
    assert (stored.campaign, stored.customer, stored.identifier, stored.name) == (
        current.campaign, friends.asha, "919812300001", "Ravi",
    )  # fmt: skip


def test_an_invitation_is_stored_once(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row(), row("+91 98123-00001", name="R")), item(row(name="Other")))
    assert answer.codes == ["1000", "1000"]
    assert Invitation.objects.get().name == "Ravi"


def test_a_key_keeps_invitations_from_being_made_twice(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    first = invite(api, item(row()), Idempotency_Key="k")
    assert (first.code, invite(api, item(row()), Idempotency_Key="k").is_replayed) == ("1000", True)


def test_sms_is_mobile_and_a_date_is_now(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row(invited_on=""), kind="sms"))
    (kind,) = answer.item["referrals"]["referral_type"]
    assert (kind["type"], len(kind["referral"][0]["invited_on"])) == ("MOBILE", 19)


def test_rows_fail_on_their_own(api: Api, friends: Friends) -> None:
    friends.register(mobile="9812300009")
    open_campaign(friends.organization)
    answer = invite(api, item(row(), row("12ab"), row("9812300009")))
    assert (answer.code, statuses(answer)) == ("1000", [("true", "1000"), ("false", "1001"), ("false", "1204")])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (item(row("12ab")), "1001"),
        (item(row("no-address"), kind="EMAIL"), "1002"),
        (item(row(), kind="FAX"), "1206"),
        (item(kind="FAX"), "1206"),
        (item(row(), campaign_token="NOSUCH"), "1202"),
        (item(row(), campaign_token="MAILING"), "1203"),
        (item(row(), campaign_token="OVER"), "1203"),
        (item(row(), campaign_token="LATER"), "1203"),
        (item(row(), campaign_token="OFF"), "1203"),
        (item(row("asha2@example.com"), kind="EMAIL", campaign_token="BY_MOBILE"), "1206"),
        (item(row("9812345678")), "1204"),
        (item(), "400"),
        ({"mobile": "9812345678"}, "400"),
        (item(*[row()] * 101), "400"),
        (item(row(), who="9812399998"), "1012"),
        (item(row(), who="12ab"), "1042"),
        ({**item(row()), "mobile": ""}, "1015"),
        ({"id": "999999", **item(row(), who="")}, "1011"),
        ({"id": "x", **item(row(), who="")}, "400"),
    ],
)
def test_an_item_is_refused(api: Api, friends: Friends, sent: dict[str, Any], code: str) -> None:
    open_campaign(friends.organization)
    more = {"default": False}
    open_campaign(friends.organization, "MAILING", kind="BULK", **more)
    open_campaign(friends.organization, "OVER", ends="2019-12-31", **more)
    open_campaign(friends.organization, "LATER", starts="2099-12-31", **more)
    open_campaign(friends.organization, "OFF", active=False, **more)
    open_campaign(friends.organization, "BY_MOBILE", channels=["MOBILE"], **more)
    answer = invite(api, sent)
    assert (answer.code, answer.status["code"]) == (code, 500)
    assert not Invitation.objects.exists()


def test_an_organization_without_a_default_campaign_is_1203(api: Api) -> None:
    assert invite(api, item(row())).code == "1203"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fraud_status": "CONFIRMED"}, "618"),
        ({"type": "NON_LOYALTY"}, "1013"),
        ({"test_control_status": "CONTROL"}, "1204"),
    ],
)
def test_a_customer_who_may_not_refer(api: Api, friends: Friends, change: dict[str, str], code: str) -> None:
    open_campaign(friends.organization)
    Customer.objects.filter(pk=friends.asha.pk).update(**change)
    assert invite(api, item(row())).code == code
    assert invite(api, item(row(), campaign_token="NOSUCH")).code == ("1202" if code == "1204" else code)


def test_a_label_that_forbids_promotions_is_618(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    friends.organization.flags = {"CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
    friends.organization.save()
    label = CustomerStatus.objects.create(
        organization=friends.organization, status="SUSPENDED", label="Paused", blocks=["promotions"]
    )
    Customer.objects.filter(pk=friends.asha.pk).update(status_label=label)
    assert invite(api, item(row())).code == "618"


def test_existing_customers_may_be_invited_if_the_campaign_allows(api: Api, friends: Friends) -> None:
    friends.register(mobile="9812300001")
    open_campaign(friends.organization, allow_existing_customers=True)
    assert invite(api, item(row())).code == "1000"


def test_some_fail(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row()), item(row(), kind="FAX"))
    assert (answer.status["code"], answer.codes) == (201, ["1000", "1206"])


def test_the_batch_has_a_limit_and_needs_an_item(api: Api) -> None:
    assert invite(api, *[item(row())] * 101).status["code"] == 1060
    assert invite(api).status["code"] == 400


def test_a_failure_of_the_database_is_1222(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    open_campaign(friends.organization)
    monkeypatch.setattr(inviting, "invite", fail)
    answer = invite(api, item(row()))
    assert (answer.code, answer.message) == ("1222", "Internal error occurred with the referral system.")


def test_invitations_in_xml(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    body = (
        "<root><customer><mobile>9812345678</mobile><referrals><referral_type><type>SMS</type>"
        "<referral><name>Ravi</name><identifier>9812300001</identifier></referral></referral_type></referrals></customer></root>"
    )
    answer = api.call("POST", "referrals", "format=xml", body, Content_Type="application/xml")
    root = answer.xml
    assert root.findtext("customers/customer/referrals/referral_type/referral/status/code") == "1000"
    assert root.findtext("customers/customer/referrals/referral_type/type") == "MOBILE"


def test_a_merged_referrer_is_the_survivor(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    second = friends.register(mobile="9812399999").customer
    friends.merge(second)
    answer = invite(api, item(row(), who="9812399999"))
    assert (answer.item["mobile"], answer.warnings) == ("919812345678", ["91009"])
