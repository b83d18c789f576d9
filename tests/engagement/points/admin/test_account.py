"""Points accounts in the back office: what is due is settled before it is shown, and staff may adjust points."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import Client
from psycopg.errors import LockNotAvailable, SerializationFailure

from customers.profile import locks
from engagement.adjustments.models import PointsAdjustment
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.models import Membership, ProgramVersion
from loyalty_project import clock
from loyalty_project.protocol.codes import Transport
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Store, Till
from organizations.submissions.services import token_of
from organizations.tenancy.models import Organization
from tests.back_office import confirmed, list_of, log_in, page_of, shown
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramVersionFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.merging import merge_customers

ACCOUNTS = "engagement_pointsaccount"


def adjust_page(account: PointsAccount) -> str:
    return page_of(ACCOUNTS, account).replace("/change/", "/adjust/")


def adjust(browser: Client, account: PointsAccount, points: str, **more: str) -> HttpResponse:
    token = str(token_of("adjust points", account.customer_id))
    typed = {"points": points, "reason": "A slip of the till", "token": token, **more}
    return browser.post(adjust_page(account), confirmed(typed))


def test_the_list_and_the_page_show_nothing_that_is_over(administrator: Client, account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(account, 20, expiry=Expiry(on=(LONG_AGO + timedelta(days=1)).date()))
    account.refresh_from_db()
    assert account.balance == 120
    (row,) = shown(administrator.get(list_of(ACCOUNTS)))
    assert row.balance == 100
    page = administrator.get(page_of(ACCOUNTS, account)).content.decode()
    for text in ("Expiry", "−20", "+100", "Earned"):
        assert text in page


def test_an_account_without_entries_shows_a_note(administrator: Client, organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization)
    assert "No entries yet." in administrator.get(page_of(ACCOUNTS, account)).content.decode()


def test_accounts_whose_points_have_moved_are_listed_on_request(
    administrator: Client, organization: Organization, account: PointsAccount, till: Till
) -> None:
    twin = PointsAccountFactory(organization=organization)
    merge_customers(survivor=account.customer_id, victim=twin.customer_id, by=till_actor(till))
    listed = [shown(administrator.get(list_of(ACCOUNTS), query)) for query in ({}, {"history": "yes"}, {"history": "all"})]
    assert listed == [[account], [twin], [twin, account]]
    assert administrator.get(page_of(ACCOUNTS, twin)).status_code == 200


def test_an_account_whose_points_will_move_has_a_page(administrator: Client, account: PointsAccount) -> None:
    Membership.objects.all().delete()
    assert "+100" in administrator.get(page_of(ACCOUNTS, account)).content.decode()


def test_points_are_adjusted_with_a_reason(administrator: Client, account: PointsAccount) -> None:
    assert "100 points</b>" in administrator.get(adjust_page(account)).content.decode()
    answer = adjust(administrator, account, "25", expires_on=f"{clock.now() + timedelta(days=9):%Y-%m-%d}")
    assert answer["Location"] == page_of("customers_customer", account.customer)
    assert "+25 points." in administrator.get("/admin/").content.decode()
    adjust(administrator, account, "-5")
    account.refresh_from_db()
    assert account.balance == 120
    assert PointsEntry.objects.latest("pk").made_by == "staff:asha"


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"points": "-101"}, "points", "Only 100 points can be taken."),
        ({"points": "1.25"}, "points", "The program allows at most 1 decimal."),
        ({"points": "0"}, "points", "Enter a number of points other than 0."),
        ({"points": "999999999"}, "points", "At most 99,999,999 points can be adjusted at once."),
        ({"points": "9" * 40}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"points": "1e3"}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"points": "1_000"}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"points": "١٢"}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"reason": " \u202e "}, "reason", "This field is required."),
        ({"reason": "x" * 251}, "reason", "Ensure this value has at most 250 characters (it has 251)."),
        ({"expires_on": "2020-01-01"}, "expires_on", "The expiry date is in the past."),
        (
            {"expires_on": "2099-01-01", "never_expires": "on"},
            "never_expires",
            "Choose one: a day, or points that never expire.",
        ),
    ],
)
def test_a_refused_value_is_shown_at_its_field(
    administrator: Client, account: PointsAccount, typed: dict[str, str], field: str, error: str
) -> None:
    answer = adjust(administrator, account, **{"points": "5", **typed})
    assert answer.context["form"].errors == {field: [error]}  # type: ignore[attr-defined]
    account.refresh_from_db()
    assert account.balance == 100


def test_a_minus_sign_of_a_word_processor_takes_points(administrator: Client, account: PointsAccount) -> None:
    adjust(administrator, account, "\u22125")
    account.refresh_from_db()
    assert account.balance == 95


def test_marks_that_turn_text_around_are_removed_from_the_reason(administrator: Client, account: PointsAccount) -> None:
    adjust(administrator, account, "5", reason="paid \u202etwice\u202c  by\tcard")
    assert PointsEntry.objects.latest("pk").note == "paid twice by card"


def test_the_form_offers_the_programs_expiry(administrator: Client, account: PointsAccount) -> None:
    version = ProgramVersion.objects.get(program=account.program, number=2)
    earning = [{**version.rules["earning"][0], "expiry": {"kind": "days", "value": 30}}]
    ProgramVersionFactory(program=account.program, number=3, rules={**version.rules, "earning": earning})
    day = clock.now().astimezone(account.organization.zone).date() + timedelta(days=30)
    form = administrator.get(adjust_page(account)).context["form"]
    assert form.initial["expires_on"] == day
    assert f'value="{day:%Y-%m-%d}"' in str(form["expires_on"])
    adjust(administrator, account, "5", expires_on=f"{day:%Y-%m-%d}")
    assert PointsLot.objects.latest("pk").expires_on == day
    adjust(administrator, account, "5", expires_on=f"{day:%Y-%m-%d}", never_expires="on")
    assert PointsLot.objects.latest("pk").expires_on is None
    adjust(administrator, account, "-5", expires_on=f"{day:%Y-%m-%d}")
    account.refresh_from_db()
    assert account.balance == 105


def test_points_that_the_tier_renews_stay_so_by_default(administrator: Client, account: PointsAccount) -> None:
    version = ProgramVersion.objects.get(program=account.program, number=2)
    earning = [{**version.rules["earning"][0], "expiry": {"kind": "last_activity", "value": 6}}]
    ProgramVersionFactory(program=account.program, number=3, rules={**version.rules, "earning": earning})
    day = administrator.get(adjust_page(account)).context["form"].initial["expires_on"]
    assert day is not None
    adjust(administrator, account, "5", expires_on=f"{day:%Y-%m-%d}")
    lot = PointsLot.objects.latest("pk")
    assert (lot.moves, lot.moves_months, lot.expires_on) == ("last_activity", 6, None)


def test_two_tabs_of_the_form_count_once(administrator: Client, account: PointsAccount) -> None:
    tabs = [administrator.get(adjust_page(account)).context["form"].initial["token"] for _ in range(2)]
    for token in tabs:
        assert adjust(administrator, account, "25", token=token).status_code == 302
    account.refresh_from_db()
    assert account.balance == 125
    assert "nothing more was done: this page was sent before, with +25 points." in administrator.get("/admin/").content.decode()


def test_a_form_without_its_token_is_refused(administrator: Client, account: PointsAccount) -> None:
    answer = adjust(administrator, account, "25", token="")
    assert answer.context["form"].errors == {"__all__": ["This page is incomplete. Open it again."]}  # type: ignore[attr-defined]


def test_above_the_limit_of_the_role_an_adjustment_waits(account: PointsAccount) -> None:
    agent = log_in(StaffMemberFactory(organization=account.organization, role="care_agent"))
    assert "More than 1,000 points are sent to a colleague" in agent.get(adjust_page(account)).content.decode()
    adjust(agent, account, "1000")
    adjust(agent, account, "1001")
    account.refresh_from_db()
    assert account.balance == 1100
    assert PointsAdjustment.objects.get(status="PENDING").points == 1001
    assert "+1,001 points wait for approval by a colleague." in agent.get("/admin/").content.decode()


def test_store_staff_adjust_points_only_with_a_limit(seller: Client, account: PointsAccount) -> None:
    assert adjust(seller, account, "5").status_code == 403
    account.organization.flags = {"ADJUSTMENT_LIMIT_STORE_STAFF": 5}
    account.organization.save()
    assert "Adjust points" in seller.get(page_of(ACCOUNTS, account)).content.decode()
    assert adjust(seller, account, "5").status_code == 302
    account.refresh_from_db()
    assert account.balance == 105


def test_only_permitted_roles_adjust_within_their_reach(
    auditor: Client, seller: Client, account: PointsAccount, store: Store, indiranagar: Till
) -> None:
    for browser in (auditor, seller):
        assert "Adjust points" not in browser.get(page_of(ACCOUNTS, account)).content.decode()
        assert adjust(browser, account, "5").status_code == 403
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    hidden = PointsAccountFactory(
        organization=store.organization,
        customer=CustomerFactory(organization=store.organization, registered_store=indiranagar.store),
    )
    assert adjust(manager, hidden, "5")["Location"] == "/admin/"
    assert adjust(manager, account, "5").status_code == 302
    account.refresh_from_db()
    hidden.refresh_from_db()
    assert (account.balance, hidden.balance) == (105, 0)


def test_a_customer_locked_or_merged_meanwhile_is_reported(
    administrator: Client, account: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(cause: Exception) -> None:
        def lock_rows(*_asked: object) -> None:
            raise OperationalError from cause

        monkeypatch.setattr(locks, "lock_rows", lock_rows)

    for elsewhere in (LockNotAvailable(), SerializationFailure()):
        refuse(elsewhere)
        answer = adjust(administrator, account, "5")
        assert answer.context["form"].non_field_errors() == [sentence_of(Transport.BUSY)]  # type: ignore[attr-defined]
    refuse(RuntimeError("gone"))
    with pytest.raises(OperationalError):
        adjust(administrator, account, "5")
