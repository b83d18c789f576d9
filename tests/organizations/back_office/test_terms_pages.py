"""Coupon series and campaigns added and changed by their forms: what is saved is what a load of the same file gives."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse

from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from organizations.audit.models import AuditEntry
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from tests.back_office import log_in, page_of, text_of
from tests.factories.organization_files import check, whole
from tests.factories.staff import StaffMemberFactory
from use_cases.organization_file import load_organization

pytestmark = pytest.mark.django_db
SERIES: Final = "engagement_couponseries"
CAMPAIGN: Final = "referrals_referralcampaign"


def document() -> dict[str, Any]:
    """The whole file; the description of a series has two lines, as a till prints it."""
    written = deepcopy(whole())
    written["coupon_series"][0]["description"] = "10 percent off.\nNot on books.\n"
    return written


@pytest.fixture
def meridian(db: None) -> Iterator[Organization]:
    organization = load_organization(check(document())).organization
    with organization_scope(organization):
        yield organization


@pytest.fixture
def editor(meridian: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=meridian, role="org_admin", username="noor"))


def edit_page(noun: str, row: Any) -> str:
    return reverse(f"admin:{noun}_edit", args=[row.pk])


def add_page(noun: str) -> str:
    return reverse(f"admin:{noun}_add")


def sent(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What the form at an address sends when `changes` are typed into it."""
    form = client.get(address).context["form"]
    typed = {**{name: _as_text(form[name]) for name in form.fields}, **changes}
    return {name: value for name, value in typed.items() if value not in (None, "", False, [])} | {"of": form.of}


def _as_text(field: Any) -> Any:
    value = field.value()
    return value if isinstance(value, bool | list) else field.field.prepare_value(value)


def series(code: str) -> CouponSeries:
    return CouponSeries.objects.get(code=code)


def differences_from(change: Callable[[dict[str, Any]], None]) -> list[str]:
    """What a load of the whole file with `change` would still change, except for the staff, who are not in it."""
    written = document()
    change(written)
    lines = load_organization(check(written), dry_run=True).lines
    return [line for line in lines if "staff" not in line]


def test_every_series_and_campaign_survives_its_form(editor: Client) -> None:
    rows = [
        *((SERIES, row) for row in CouponSeries.objects.all()),
        *((CAMPAIGN, row) for row in ReferralCampaign.objects.all()),
    ]
    for noun, row in rows:
        answer = editor.post(edit_page(noun, row), sent(editor, edit_page(noun, row)), follow=True)
        assert "Nothing was changed." in text_of(answer), row
    assert len(rows) == 4


def test_a_changed_series_is_said_first_and_saved_as_a_load_does(editor: Client, meridian: Organization) -> None:
    address, before = edit_page(SERIES, series("WELCOME10")), Organization.objects.get().configuration_version
    typed = sent(editor, address, discount_value="15", redemptions_per_coupon="", custom_properties="colour: red\nsize: '12'")
    asked = editor.post(address, typed)
    said = text_of(asked)
    assert "Discount: 15 % off. Before: 10 % off." in said
    assert "It may be redeemed: as often as wanted. Before: 2 times." in said
    assert "Coupons that were issued keep their terms" in said
    assert "discount_value: 15" in said
    assert CouponSeriesVersion.objects.filter(series__code="WELCOME10").count() == 1
    # Back in the form, what was typed is still there.
    again = editor.post(address, dict(asked.context["values"]) | {"again": "1"})
    assert again.context["form"]["discount_value"].value() == "15"
    saved = editor.post(address, dict(asked.context["values"]) | {"confirmed": "1"}, follow=True)
    assert "Saved. Version 2 of the terms is in force." in text_of(saved)

    def change(written: dict[str, Any]) -> None:
        row = written["coupon_series"][0]
        row |= {"discount_value": 15, "redemptions_per_coupon": None, "custom_properties": {"colour": "red", "size": "12"}}

    assert differences_from(change) == []
    entry = AuditEntry.objects.filter(object_type="couponseriesversion").latest("pk")
    assert (entry.source, entry.actor, entry.new["number"]) == ("BACK_OFFICE", "staff:noor", 2)
    assert Organization.objects.get().configuration_version > before
    assert "discount_value: 15" in editor.get(reverse(f"admin:{SERIES}_yaml", args=[series("WELCOME10").pk])).context["text"]


def test_a_new_series_and_a_switch_need_no_other_version(editor: Client) -> None:
    typed = sent(editor, add_page(SERIES), code="MAY", discount_type="FLAT", discount_value="5", stores=["mg"], external_id="7")
    said = text_of(editor.post(add_page(SERIES), typed))
    assert "Number by which tills know it: 7." in said
    assert "Where: mg." in said
    assert not CouponSeries.objects.filter(code="MAY").exists()
    editor.post(add_page(SERIES), typed | {"confirmed": "1"})
    new = {"code": "MAY", "discount_type": "FLAT", "discount_value": 5, "stores": ["mg"], "external_id": 7}
    assert differences_from(lambda written: written["coupon_series"].append(new)) == []
    address = edit_page(SERIES, series("MAY"))
    off = sent(editor, address, active=False)
    assert "State: off. Before: active." in text_of(editor.post(address, off))
    editor.post(address, off | {"confirmed": "1"})
    assert not series("MAY").is_active
    assert CouponSeriesVersion.objects.filter(series__code="MAY").count() == 1


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"code": "FIXED"}, "code", "Is taken already."),
        ({"discount_type": "PERC", "discount_value": "101"}, "discount_value", "Must be at most 100 percent."),
        ({"discount_value": "ten"}, "discount_value", "Enter a number in plain digits"),
        ({"discount_value": ""}, "discount_value", "Is required."),
        ({"valid_days": "3", "valid_till": "2027-01-01"}, "valid_till", "Does not go with valid_days."),
        ({"external_id": "99"}, "external_id", "Is that of WELCOME10."),
        ({"custom_properties": "colour"}, "custom_properties", "Write one per line"),
        ({"custom_properties": "tags: [a]"}, "custom_properties", "Must be text, a number, true or false."),
    ],
)
def test_a_wrong_series_is_refused_at_its_field(editor: Client, typed: dict[str, Any], field: str, message: str) -> None:
    CouponSeries.objects.filter(code="WELCOME10").update(external_id=99)
    good = {"code": "NEW", "discount_type": "FLAT", "discount_value": "5"}
    values = sent(editor, add_page(SERIES), **{**good, **typed}) | {"confirmed": "1"}
    errors = editor.post(add_page(SERIES), values).context["form"].errors
    assert list(errors) == [field]
    assert any(message in error for error in errors[field]), errors
    assert CouponSeries.objects.count() == 2


def test_a_row_that_was_changed_meanwhile_is_not_overwritten(editor: Client) -> None:
    address = edit_page(SERIES, series("FIXED"))
    first, late = sent(editor, address, discount_value="1"), sent(editor, address, discount_value="2")
    editor.post(address, first | {"confirmed": "1"})
    for values in (late, late | {"confirmed": "1"}):
        refused = editor.post(address, values)
        assert "It was changed meanwhile; open it again." in text_of(refused)
        # Sent once more as it is shown, it is as old as before.
        assert refused.context["form"].of == late["of"]
    assert CouponSeriesVersion.objects.filter(series__code="FIXED").latest("number").terms["discount_value"] == 1


def test_a_campaign_is_changed_and_a_new_default_takes_over(editor: Client) -> None:
    address = edit_page(CAMPAIGN, ReferralCampaign.objects.get(token="FRIENDS"))
    typed = sent(editor, address, **{"referrer_reward.points": "200", "referrer_reward.coupon_series": "", "min_amount": "30"})
    said = text_of(editor.post(address, typed))
    assert "The referrer gets: 200 points. Before: 100 points and a coupon of WELCOME10." in said
    assert "Customers who were referred keep the terms of that time" in said
    editor.post(address, typed | {"confirmed": "1"})
    new = {"token": "MAY", "name": "May", "kind": "REFERRAL", "default": True}
    editor.post(add_page(CAMPAIGN), sent(editor, add_page(CAMPAIGN), **new) | {"confirmed": "1"})

    def change(written: dict[str, Any]) -> None:
        friends = written["referral_campaigns"][0]
        friends |= {"referrer_reward": {"points": 200}, "min_amount": 30, "default": False}
        written["referral_campaigns"].append(new)

    assert differences_from(change) == []
    assert ReferralCampaignVersion.objects.filter(campaign__token="FRIENDS").count() == 2
    handed = AuditEntry.objects.filter(object_type="referralcampaign", action="changed").latest("pk")
    assert (handed.old, handed.new) == ({"default": True}, {"default": False})


def test_a_wrong_campaign_is_refused_at_its_field(editor: Client) -> None:
    typed = {"token": "X", "kind": "REFERRAL", "starts": "2026-02-01", "ends": "2026-01-01", "referee_reward.points": "0"}
    errors = editor.post(add_page(CAMPAIGN), sent(editor, add_page(CAMPAIGN), **typed)).context["form"].errors
    assert {"name", "referee_reward.points"} == set(errors)
    fixed = sent(editor, add_page(CAMPAIGN), **{**typed, "name": "X", "referee_reward.points": "1"})
    assert set(editor.post(add_page(CAMPAIGN), fixed).context["form"].errors) == {"ends"}


@pytest.mark.parametrize("noun", [SERIES, CAMPAIGN])
def test_who_only_sees_the_rows_cannot_change_them(meridian: Organization, noun: str) -> None:
    row = series("FIXED") if noun == SERIES else ReferralCampaign.objects.get(token="SUMMER")
    manager = log_in(StaffMemberFactory(organization=meridian, role="store_manager"))
    assert "Change" not in [each["title"] for each in manager.get(page_of(noun, row)).context["actions_detail"]]
    for address in (edit_page(noun, row), add_page(noun)):
        assert [manager.get(address).status_code, manager.post(address, {"confirmed": "1"}).status_code] == [403, 403]
    assert manager.get(reverse(f"admin:{noun}_yaml", args=[row.pk])).status_code == 200


def test_an_operator_chooses_the_organization_of_a_new_series(meridian: Organization) -> None:
    operator = log_in(StaffMember.objects.create_superuser("root", password="x"))  # type: ignore[attr-defined]
    assert "For which organization?" in text_of(operator.get(add_page(SERIES)))
    address = f"{add_page(SERIES)}?organization={meridian.code}"
    typed = sent(operator, address, code="OPS", discount_type="FLAT", discount_value="5")
    operator.post(address, typed | {"confirmed": "1"})
    assert series("OPS").organization == meridian
