"""Two customers turn out to be one: what moves, what stays, what leads where, and how it is undone."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from customers.drafts import read_draft
from customers.journeys.deferred import work_deferred_events
from customers.journeys.merging import MOVES, STAYS, MergeRefusedError, merge_customers, preview_merge, undo_merge
from customers.journeys.registration import Registration, register_customer, update_customer, work_drafts
from customers.models import Card, Customer, CustomerSegment, GroupMembership, Identifier, Merge, SourceProfile
from customers.services.lookup import Asked, look_up
from customers.services.moving import Clash
from customers.services.setup import load_setup
from engagement.expiry import Expiry
from engagement.ledger.accounts import Kind, post
from engagement.ledger.movements import spend
from engagement.ledger.storing import AccountKey, lock_accounts, write_accounts
from engagement.models import Bill, DeferredEvent, Membership, PointsAccount, PointsEntry, PointsLot, Program, PurchaseTotals
from engagement.services.checking import check_ledger
from engagement.services.deferral import MERGE
from engagement.services.settlement import settled_accounts
from loyalty_project import clock
from loyalty_project.api.codes import Code
from loyalty_project.api.errors import LoyaltyError
from organizations.models import AuditEntry, CardSeries, FieldDefinition, Organization, Till
from organizations.scoping import unscoped
from organizations.services.tenancy import references_across_tenants
from subscriptions.models import Consent
from tests.engagement.bills import bring_back, buy
from tests.engagement.members import facts, give_points
from tests.factories import (
    join_group,
    label,
    make_card_series,
    make_field,
    make_group,
    make_program,
    make_segment,
    make_status,
    put_into,
    till_actor,
)

pytestmark = pytest.mark.django_db
OLD, NEW = "2020-01-01 10:00:00", "2022-01-01 10:00:00"


def send(till: Till, work: Callable[..., Registration] = register_customer, **item: Any) -> Registration:
    """An item of add or update at the till."""
    action = "add" if work is register_customer else "update"
    with transaction.atomic():
        setup = load_setup([item], by=till_actor(till))
        return work(read_draft(item, setup, action=action), setup=setup, by=till_actor(till))


def codes(registration: Registration) -> list[int]:
    return [int(notice.code) for notice in registration.notices]


def merge(till: Till, survivor: Customer, victim: Customer) -> Merge:
    return merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till)).merge


def undo(till: Till, one: Merge) -> Merge:
    return undo_merge(one, reason="It was somebody else", by=till_actor(till))


def account_of(customer: Customer) -> PointsAccount:
    return PointsAccount.objects.get(customer=customer, moved_to=None)


def is_clean(organization: Organization) -> bool:
    return [str(one) for one in check_ledger(organization)] == []


def find(organization: Organization, key: str, value: object) -> tuple[int | None, bool]:
    asked = Asked(key=key, values=[str(value)])
    (answer,) = look_up(asked, organization=organization, policy=organization.policy, country_code="")
    return answer.customer_id, answer.is_victims


@pytest.fixture
def anna(till: Till) -> Customer:
    return send(till, mobile="9812300001", firstname="Anna", registered_on=OLD).customer


@pytest.fixture
def twin(till: Till) -> Customer:
    """Anna again, under another mobile number."""
    item = {"mobile": "9812300002", "email": "anna@example.com", "external_id": "NW-2", "firstname": "Ann", "lastname": "Rao"}
    return send(till, **item, registered_on=NEW).customer


# --- the lists of what moves


def constrained_columns() -> set[tuple[str, str]]:
    """Every column of a table that refers to a customer, as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conrelid::regclass::text, attname FROM pg_constraint "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey) "
            "WHERE contype = 'f' AND confrelid = 'customers_customer'::regclass AND cardinality(conkey) = 1"
        )
        return {(table, column) for table, column in cursor.fetchall()}


def uniquenesses() -> dict[tuple[str, str], set[str]]:
    """The unique indexes that each column of a table is part of, by table and column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indrelid::regclass::text, attname, indexrelid::regclass::text FROM pg_index "
            "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) WHERE indisunique AND NOT indisprimary"
        )
        found: dict[tuple[str, str], set[str]] = {}
        for table, column, index in cursor.fetchall():
            found.setdefault((table, column), set()).add(index)
        return found


def test_whatever_refers_to_a_customer_is_moved_or_stays_for_a_reason(db):
    said = {(one.model._meta.db_table, one.model._meta.get_field(one.column).column) for one in (*MOVES, *STAYS)}
    assert constrained_columns() == said
    assert all(one.because for one in STAYS)


def test_every_uniqueness_that_a_move_may_meet_has_an_answer(db):
    there = uniquenesses()
    for move in MOVES:
        column = move.model._meta.get_field(move.column).column
        assert there.get((move.model._meta.db_table, column), set()) == set(move.clashes), move.label
        assert set(move.clashes.values()) <= set(Clash)


# --- what moves


def test_identifiers_fill_what_the_survivor_lacks_and_the_rest_leads_to_the_survivor(organization, till, anna, twin):
    merge(till, anna, twin)
    rows = Identifier.objects.filter(customer=anna).order_by("value").values_list("value", "state")
    assert list(rows) == [
        ("919812300001", "CURRENT"),
        ("919812300002", "MERGED"),
        ("NW-2", "CURRENT"),
        ("anna@example.com", "CURRENT"),
    ]
    assert not Identifier.objects.filter(customer=twin).exists()
    assert find(organization, "mobile", "9812300002") == (anna.pk, True)
    assert find(organization, "email", "anna@example.com") == (anna.pk, False)
    assert find(organization, "id", twin.pk) == (anna.pk, True)
    assert find(organization, "id", anna.pk) == (anna.pk, False)


def test_names_and_fields_fill_what_the_survivor_does_not_say(organization, till, anna, twin):
    hobby, city = make_field(organization, "hobby"), make_field(organization, "city", category="extended")
    Customer.objects.filter(pk=anna.pk).update(field_values={str(hobby.pk): "chess"})
    Customer.objects.filter(pk=twin.pk).update(
        field_values={str(hobby.pk): "rugby", str(city.pk): "Pune"},
        comm_channels=[{"type": "EMAIL", "value": "a@example.com"}],
    )
    merge(till, anna, twin)
    anna.refresh_from_db()
    assert (anna.firstname, anna.lastname, anna.lastname_folded) == ("Anna", "Rao", "rao")
    assert anna.field_values == {str(hobby.pk): "chess", str(city.pk): "Pune"}
    assert anna.comm_channels == [{"type": "EMAIL", "value": "a@example.com"}]


def test_loyalty_on_one_side_makes_the_survivor_loyal(organization, till, twin):
    guest = send(till, mobile="9812300009", type="NON_LOYALTY", registered_on=OLD).customer
    merge(till, guest, twin)
    guest.refresh_from_db()
    assert guest.type == "LOYALTY"
    assert Membership.objects.filter(customer=guest).count() == 1


def test_a_suspicion_of_fraud_does_not_vanish_by_a_merge(till, anna, twin):
    Customer.objects.filter(pk=twin.pk).update(fraud_status="MARKED", fraud_reason="many returns", fraud_marked_by="staff:asha")
    merge(till, anna, twin)
    anna.refresh_from_db()
    assert (anna.fraud_status, anna.fraud_reason, anna.fraud_marked_by) == ("MARKED", "many returns", "staff:asha")


def test_a_label_goes_to_whoever_has_none_whole_and_back_again(organization, till, anna, twin):
    given = {"status_reason": "many returns", "status_changed_by": "staff:asha", "status_changed_on": clock.now()}
    held = make_status(organization, "points_redeem")
    label(twin, held, image_url="https://example.com/twin.jpg", **given)
    version = anna.version
    one = merge(till, anna, twin)
    anna.refresh_from_db()
    assert {name: getattr(anna, name) for name in given} == given
    assert (anna.status_label, anna.image_url, anna.version) == (held, "https://example.com/twin.jpg", version + 1)
    undo(till, one)
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason, anna.status_changed_on, anna.image_url) == (None, "", None, "")
    label(anna, make_status(organization), status_reason="")
    merge(till, anna, twin)
    anna.refresh_from_db()
    assert (anna.status_label == held, anna.status_reason, anna.status_changed_by) == (False, "", "")


def test_a_label_closes_merging(organization, till, anna, twin):
    label(twin, make_status(organization, "identifier_change"))
    with pytest.raises(MergeRefusedError, match="status"):
        merge(till, anna, twin)
    with pytest.raises(LoyaltyError, match="618"):
        send(till, mobile="9812300001", email="anna@example.com")


def test_cards_profiles_groups_segments_and_consents_move(organization, till, anna, twin):
    series = make_card_series(organization)
    Card.objects.create(organization=organization, series=series, number="G1", customer=twin, status="ISSUED")
    for customer, account in ((anna, "a"), (twin, "a"), (twin, "b")):
        SourceProfile.objects.create(organization=organization, customer=customer, source="WECHAT", account=account)
    low, high = make_segment(organization, "spend", "low", "high")
    (new,) = make_segment(organization, "age", "new")
    put_into(low, anna.pk)
    put_into(high, twin.pk)
    put_into(new, twin.pk)
    family, club = make_group(organization, "G1"), make_group(organization, "G2")
    join_group(family, anna.pk)
    join_group(family, twin.pk, role="PRIMARY")
    join_group(club, twin.pk)
    for customer, channel, said in ((anna, "SMS", True), (twin, "SMS", False), (twin, "EMAIL", True)):
        Consent.objects.create(
            organization=organization,
            customer=customer,
            channel=channel,
            priority="BULK",
            revision=1,
            is_subscribed=said,
            decided_at=clock.now(),
        )
    merge(till, anna, twin)
    assert Card.objects.get(number="G1").customer_id == anna.pk
    assert sorted(SourceProfile.objects.filter(customer=anna).values_list("account", flat=True)) == ["a", "b"]
    assert set(CustomerSegment.objects.filter(customer=anna).values_list("partition__name", flat=True)) == {"low", "new"}
    assert list(CustomerSegment.objects.filter(customer=twin).values_list("partition__name", flat=True)) == ["high"]
    roles = GroupMembership.objects.filter(customer=anna).order_by("group__external_id").values_list("role", flat=True)
    assert list(roles) == ["PRIMARY", "MEMBER"]
    assert dict(Consent.objects.filter(customer=anna).values_list("channel", "is_subscribed")) == {"SMS": True, "EMAIL": True}
    assert dict(Consent.objects.filter(customer=twin).values_list("channel", "is_subscribed")) == {"SMS": False}


def test_points_move_lot_by_lot_with_their_expiry_and_totals_are_added(organization, till, anna, twin):
    last_day = clock.now().date() + timedelta(days=30)
    give_points(account_of(anna), 10)
    give_points(account_of(twin), 20, expiry=Expiry(on=last_day))
    give_points(account_of(twin), 5, opens_at=clock.now() + timedelta(days=3))
    old = account_of(twin)
    merge(till, anna, twin)
    account = account_of(anna)
    assert (account.balance, account.lifetime, account.promised) == (30, 30, 5)
    old.refresh_from_db()
    assert (old.customer_id, old.moved_to_id, old.balance, old.lifetime) == (anna.pk, account.pk, 0, 0)
    moved = PointsLot.objects.filter(moved_from__isnull=False).order_by("pk")
    assert [(one.points, one.expires_on, one.is_open, one.account_id) for one in moved] == [
        (20, last_day, True, account.pk),
        (5, None, False, account.pk),
    ]
    kinds = PointsEntry.objects.filter(explanation__because="merge").order_by("pk").values_list("kind", "points", "promised")
    assert sorted(kinds) == [("MERGE_IN", 0, 5), ("MERGE_IN", 20, 0), ("MERGE_OUT", -20, 0), ("MERGE_OUT", 0, -5)]
    assert is_clean(organization)


def test_a_program_that_only_the_victim_is_in_is_joined_with_the_victims_tier(organization, till, anna, twin):
    other = make_program(organization, "Other", is_default=False)
    membership = Membership.objects.create(organization=organization, customer=twin, program=other, enrolled_on=clock.now())
    give_points(PointsAccount.objects.create(organization=organization, customer=twin, program=other), 7)
    merge(till, anna, twin)
    membership.refresh_from_db()
    assert membership.customer_id == anna.pk
    states = settled_accounts([anna.pk], organization=organization)
    assert states[AccountKey(anna.pk, other.pk)].account.balance == 7
    assert is_clean(organization)


def test_a_debt_moves_and_is_paid_from_the_survivors_points(organization, till, anna, twin):
    debtor = account_of(twin)
    PointsAccount.objects.filter(pk=debtor.pk).update(floor=-100)
    give_points(debtor, 10)
    give_points(account_of(anna), 8)
    with transaction.atomic():
        state = lock_accounts([twin.pk], zone=organization.zone)[AccountKey(twin.pk, debtor.program_id)]
        state.account.floor = Decimal(-100)
        post(state, Kind.ADJUST, points=Decimal(-15), takes=[(state.lots[0], Decimal(10))], facts=facts())
        write_accounts([state])
    merge(till, anna, twin)
    assert account_of(anna).balance == 3
    assert is_clean(organization)


def test_bills_and_purchases_move_and_totals_add_up(organization, till, anna, twin):
    buy(anna, till, "2026-01-05 12:00:00", 100)
    last = buy(twin, till, "2026-02-05 12:00:00", 250)
    bring_back(last, "2026-02-06 12:00:00", 50)
    merge(till, anna, twin)
    assert Bill.objects.filter(customer=anna).count() == 3
    totals = PurchaseTotals.objects.get(customer=anna)
    assert (totals.amount, totals.bills, totals.last_amount, totals.last_billed_at) == (300, 2, 250, last.billed_at)
    assert account_of(anna).purchases == 300
    assert is_clean(organization)


def test_events_that_wait_follow_with_a_job(organization, till, anna, twin, queue):
    event = DeferredEvent.objects.create(
        organization=organization, customer=twin, kind="welcome", payload={"programs": []}, source="API", actor="till:x",
        created_at=clock.now(),
    )  # fmt: skip
    merge(till, anna, twin)
    event.refresh_from_db()
    assert event.customer_id == anna.pk
    assert work_deferred_events(organization, anna.pk) == 1


def test_a_merge_is_recorded_and_audited_on_both_sides(organization, till, anna, twin):
    one = merge(till, anna, twin)
    assert (one.survivor_id, one.victim_id, one.actor) == (anna.pk, twin.pk, "till:mgroad.till1")
    told = AuditEntry.objects.filter(action="merged").order_by("object_id").values_list("object_id", "new")
    assert list(told) == [
        (anna.pk, {"merge": one.pk, "victim": twin.pk}),
        (twin.pk, {"merge": one.pk, "survivor": anna.pk}),
    ]


# --- again, the other way round, and on


def test_the_same_merge_again_changes_nothing(organization, till, anna, twin):
    one = merge(till, anna, twin)
    entries = PointsEntry.objects.count()
    again = merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    assert (again.merge, again.is_new) == (one, False)
    assert (Merge.objects.count(), PointsEntry.objects.count()) == (1, entries)


@pytest.mark.parametrize("pairs", [[("twin", "anna")], [("anna", "anna")], [("other", "twin")]])
def test_who_is_merged_is_not_merged_again_and_nobody_with_themselves(till, anna, twin, pairs):
    people = {"anna": anna, "twin": twin, "other": send(till, mobile="9812300003").customer}
    merge(till, anna, twin)
    for survivor, victim in pairs:
        with pytest.raises(MergeRefusedError):
            merge_customers(survivor=people[survivor].pk, victim=people[victim].pk, by=till_actor(till))


def test_nobody_is_merged_with_a_customer_who_is_not_there(till, anna):
    with pytest.raises(MergeRefusedError, match="no such customer"):
        merge_customers(survivor=anna.pk, victim=anna.pk + 1000, by=till_actor(till))


@pytest.mark.parametrize("status", ["CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_restricted_customers_are_not_merged(till, anna, twin, status):
    Customer.objects.filter(pk=anna.pk).update(fraud_status=status)
    with pytest.raises(MergeRefusedError, match="fraud"):
        merge(till, anna, twin)


def test_the_survivor_of_a_survivor_answers_for_all(organization, till, anna, twin):
    third = send(till, mobile="9812300003", registered_on=OLD).customer
    give_points(account_of(twin), 5)
    merge(till, anna, twin)
    merge(till, third, anna)
    assert find(organization, "id", twin.pk) == find(organization, "id", anna.pk) == (third.pk, True)
    assert find(organization, "mobile", "9812300002") == (third.pk, True)
    assert account_of(third).balance == 5
    assert PointsAccount.objects.filter(customer=third, moved_to=account_of(third)).count() == 2
    assert is_clean(organization)
    with unscoped("the check looks everywhere"):
        assert list(references_across_tenants()) == []


# --- through add and update (docs/protocol.md 2.4)


def test_two_who_are_named_by_one_item_become_one(till, anna, twin):
    registration = send(till, mobile="9812300001", email="anna@example.com", lastname="Iyer")
    assert (registration.customer.pk, registration.is_new, registration.is_changed, codes(registration)) == (
        anna.pk, False, True, [],
    )  # fmt: skip
    assert registration.person.identifiers == {"mobile": "919812300001", "email": "anna@example.com", "external_id": "NW-2"}
    anna.refresh_from_db()
    assert anna.lastname == "Iyer"


def test_three_who_are_named_by_one_item_become_one(organization, till, anna):
    by_email = send(till, email="a@example.com", registered_on=NEW).customer
    by_id = send(till, external_id="X9", registered_on=OLD).customer
    registration = send(till, update_customer, mobile="9812300001", email="a@example.com", external_id="X9")
    assert registration.customer.pk == anna.pk
    assert set(Merge.objects.values_list("survivor_id", "victim_id")) == {(anna.pk, by_email.pk), (anna.pk, by_id.pk)}
    assert is_clean(organization)


def test_an_email_that_differs_from_the_survivors_merges_and_is_kept_as_it_is(till, anna, twin):
    send(till, mobile="9812300001", email="first@example.com")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == [91006]
    assert registration.person.identifiers["email"] == "first@example.com"
    assert Merge.objects.count() == 1


def test_an_email_that_may_change_becomes_the_survivors(organization, till, anna, twin):
    organization.flags = {"CONF_ALLOW_EMAIL_UPDATE": True}
    organization.save()
    send(till, mobile="9812300001", email="first@example.com")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == []
    states = dict(Identifier.objects.filter(customer=anna, kind="email").values_list("value", "state"))
    assert states == {"anna@example.com": "CURRENT", "first@example.com": "FORMER"}


def test_who_writes_to_a_victim_reaches_the_survivor_and_is_told(till, anna, twin):
    merge(till, anna, twin)
    by_mobile = send(till, mobile="9812300002", firstname="Annie")
    by_id = send(till, update_customer, id=str(twin.pk), lastname="Iyer")
    assert [one.customer.pk for one in (by_mobile, by_id)] == [anna.pk, anna.pk]
    assert [codes(one) for one in (by_mobile, by_id)] == [[91009], [91009]]


def test_a_refused_item_merges_nobody(organization, till, anna, twin):
    make_field(organization, "age", is_mandatory=True)
    with pytest.raises(LoyaltyError) as caught:
        send(till, mobile="9812300001", email="anna@example.com")
    assert caught.value.code == Code.INVALID_CUSTOM_FIELD
    assert not Merge.objects.exists()
    twin.refresh_from_db()
    assert twin.merged_into_id is None


def test_a_batch_merges_whom_it_registered_itself(organization, till):
    items = [
        {"mobile": "9812300011"},
        {"email": "b@example.com"},
        {"mobile": "9812300011", "email": "b@example.com", "firstname": "Bea"},
        {"email": "b@example.com", "lastname": "Rao"},
        {"mobile": "9812300012"},
    ]
    with transaction.atomic():
        setup = load_setup(items, by=till_actor(till))
        drafts = [read_draft(item, setup, action="add") for item in items]
        results = work_drafts(drafts, setup=setup, by=till_actor(till), may_create=True)
    assert [(one.customer.pk == results[0].customer.pk, one.is_new) for one in results] == [
        (True, True), (False, True), (True, False), (True, False), (False, True),
    ]  # fmt: skip
    bea = Customer.objects.get(firstname="Bea")
    assert (bea.lastname, bea.pk) == ("Rao", results[0].customer.pk)
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert is_clean(organization)


def in_one_batch(till: Till, items: list[dict[str, str]]) -> list[Customer]:
    with transaction.atomic():
        setup = load_setup(items, by=till_actor(till))
        drafts = [read_draft(item, setup, action="add") for item in items]
        return [one.customer for one in work_drafts(drafts, setup=setup, by=till_actor(till), may_create=True)]


def test_of_two_whom_a_batch_registered_at_one_moment_the_earlier_row_is_the_older(organization, till):
    organization.flags = {"CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": 1}
    organization.save()
    first, second, both = in_one_batch(
        till,
        [
            {"mobile": "9812300011", "email": "bea@example.com"},
            {"mobile": "9812300012", "external_id": "NW-0012"},
            {"external_id": "NW-0012", "email": "bea@example.com"},
        ],
    )
    assert (first.registered_on, both.pk) == (second.registered_on, first.pk)


def test_who_is_registered_behind_a_merge_is_younger_than_those_before_it(organization, till):
    first, second, merged, third, merged_too = in_one_batch(
        till,
        [
            {"mobile": "9812300011", "email": "bea@example.com"},
            {"mobile": "9812300012", "external_id": "NW-0012"},
            {"external_id": "NW-0012", "email": "bea@example.com"},
            {"mobile": "9812300013", "email": "cleo@example.com"},
            {"external_id": "NW-0012", "email": "cleo@example.com"},
        ],
    )
    assert first.registered_on == third.registered_on
    assert (merged.pk, merged_too.pk) == (first.pk, first.pk)
    assert set(Customer.objects.filter(merged_into=first.pk).values_list("pk", flat=True)) == {second.pk, third.pk}


def test_skipping_whom_one_knows_merges_nobody(till, anna, twin):
    item = {"mobile": "9812300001", "email": "anna@example.com"}
    with transaction.atomic():
        setup = load_setup([item], by=till_actor(till))
        draft = read_draft(item, setup, action="add")
        work_drafts([draft], setup=setup, by=till_actor(till), may_create=True, if_existing="skip")
    assert not Merge.objects.exists()


def test_points_that_cannot_move_now_follow_later(organization, till, anna, twin, queue):
    with transaction.atomic():
        give_points(account_of(anna), "999999999999000")
        give_points(account_of(twin), "999999999999000")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == [1096]
    event = DeferredEvent.objects.get(kind=MERGE)
    assert event.customer_id == anna.pk
    assert account_of(twin).balance == Decimal(999999999999000)
    with pytest.raises(MergeRefusedError, match="still to move"):
        undo(till, Merge.objects.get())
    with transaction.atomic():
        (state,) = lock_accounts([twin.pk], zone=organization.zone).values()
        spend(state, Decimal(999999999998100), kind=Kind.REDEEM, facts=facts())
        state.account.lifetime, state.account.redeemed = Decimal(900), Decimal(0)
        write_accounts([state])
    assert work_deferred_events(organization, anna.pk) == 1
    assert account_of(anna).balance == 999999999999900


# --- bills and redemptions of before


def test_a_return_of_the_victims_bill_takes_the_points_that_moved(organization, till, twin, anna):
    make = Program.objects.get()
    version = make.versions.get()
    type(version).objects.create(
        organization=organization, program=make, number=2, made_at=version.made_at + timedelta(days=1),
        rules={"earning": [{"name": "base", "award": {"per": 10, "points": 1}}]},
    )  # fmt: skip
    sale = buy(twin, till, "2026-02-05 12:00:00", 200)
    assert account_of(twin).balance == 20
    merge(till, anna, twin)
    sale.refresh_from_db()
    bring_back(sale, "2026-02-06 12:00:00", 100)
    account = account_of(anna)
    assert (account.balance, account.returned, account.purchases) == (10, 10, 100)
    assert is_clean(organization)


# --- undone


def snapshot(organization: Organization) -> dict[str, str]:
    """What every table of customers says, but for the records of what happened."""
    tables = [model for model in apps.get_models() if model._meta.app_label in {"customers", "engagement", "subscriptions"}]
    history = {"merge", "pointsentry", "pointsconsumption", "pointslot", "pointsaccount", "purchasetotals"}
    found = {}
    for model in tables:
        if model._meta.model_name in history:
            continue
        columns = [one.attname for one in model._meta.concrete_fields if not _is_derived(one.name)]
        rows = model.objects.order_by("pk").values_list(*columns)
        found[model._meta.label] = repr(list(rows))
    accounts = PointsAccount.objects.exclude(balance=0, lifetime=0, purchases=0).order_by("pk")
    figures = (
        "customer_id",
        "program_id",
        "balance",
        "promised",
        "lifetime",
        "redeemed",
        "purchases",
        "visits",
        "last_billed_on",
    )
    found["accounts"] = repr(list(accounts.values_list(*figures)))
    bought = PurchaseTotals.objects.exclude(bills=0).order_by("customer_id")
    found["totals"] = repr(list(bought.values_list("customer_id", "amount", "bills", "last_amount", "last_billed_at")))
    return found


def _is_derived(column: str) -> bool:
    """Whether a column counts changes, or follows from others."""
    return column in {"updated_on", "version"} or column.endswith(("_folded", "_reversed"))


def live(organization: Organization, till: Till, *customers: Customer) -> None:
    """Cards, points, bills, groups and consents for each."""
    series = CardSeries.objects.filter(code="GOLD").first() or make_card_series(organization)
    field = FieldDefinition.objects.filter(name="hobby").first() or make_field(organization, "hobby")
    group = make_group(organization, "G1")
    for place, customer in enumerate(customers):
        Card.objects.create(
            organization=organization, series=series, number=f"G{customer.pk}", customer=customer, status="ISSUED"
        )
        give_points(account_of(customer), 10 + place, expiry=Expiry(on=clock.now().date() + timedelta(days=40)))
        give_points(account_of(customer), 3, opens_at=clock.now() + timedelta(days=3))
        buy(customer, till, f"2026-0{place + 1}-05 12:00:00", 100 * (place + 1))
        join_group(group, customer.pk, role="PRIMARY" if place == 1 else "MEMBER")
        if place:
            Customer.objects.filter(pk=customer.pk).update(
                field_values={str(field.pk): "chess"},
                field_values_folded={str(field.pk): ["chess"]},
                lastname="Rao",
                lastname_folded="rao",
            )


def test_a_merge_that_nothing_has_touched_is_undone_whole(organization, till, anna, twin):
    live(organization, till, anna, twin)
    before = snapshot(organization)
    one = merge(till, anna, twin)
    assert snapshot(organization) != before
    undo(till, one)
    assert snapshot(organization) == before
    assert is_clean(organization)
    one.refresh_from_db()
    assert (one.undone_by, one.undone_reason) == ("till:mgroad.till1", "It was somebody else")
    assert find(organization, "mobile", "9812300002") == (twin.pk, False)
    with pytest.raises(MergeRefusedError, match="already"):
        undo(till, one)


def test_a_merge_that_made_an_account_is_undone_and_the_program_may_be_joined_later(organization, till, anna, twin):
    other = make_program(organization, "Other", is_default=False)
    Membership.objects.create(organization=organization, customer=twin, program=other, enrolled_on=clock.now())
    give_points(PointsAccount.objects.create(organization=organization, customer=twin, program=other), 7)
    undo(till, merge(till, anna, twin))
    states = settled_accounts([anna.pk, twin.pk], organization=organization)
    assert {(key.customer_id, key.program_id): int(one.account.balance) for key, one in states.items()} == {
        (anna.pk, account_of(anna).program_id): 0,
        (twin.pk, account_of(anna).program_id): 0,
        (twin.pk, other.pk): 7,
    }
    assert is_clean(organization)
    PointsAccount.objects.create(organization=organization, customer=anna, program=other)


def test_what_the_survivor_did_since_does_not_keep_a_merge_from_being_undone(organization, till, anna, twin):
    live(organization, till, anna, twin)
    one = merge(till, anna, twin)
    buy(anna, till, "2026-05-05 12:00:00", 70)
    give_points(account_of(anna), 4)
    undo(till, one)
    assert (account_of(anna).balance, account_of(twin).balance) == (14, 11)
    assert (account_of(anna).purchases, account_of(twin).purchases) == (170, 200)
    assert PurchaseTotals.objects.get(customer=anna).amount == 170
    assert is_clean(organization)


def spend_some(organization: Organization, till: Till, anna: Customer) -> None:
    (state,) = lock_accounts([anna.pk], zone=organization.zone).values()
    spend(state, state.account.balance, kind=Kind.REDEEM, facts=facts())
    write_accounts([state])


TOUCHES: dict[str, Callable[[Organization, Till, Customer], object]] = {
    "points": spend_some,
    "cards": lambda organization, till, anna: Card.objects.filter(customer=anna).update(label="lost"),
    "bills": lambda organization, till, anna: Bill.objects.filter(customer=anna).update(notes="seen"),
    "identifiers": lambda organization, till, anna: Identifier.objects.filter(state="MERGED").update(state="FORMER"),
    "the customer's own data": lambda organization, till, anna: Customer.objects.filter(pk=anna.pk).update(lastname="Iyer"),
    "group memberships": lambda organization, till, anna: GroupMembership.objects.filter(group__external_id="G7").delete(),
}


@pytest.mark.parametrize("what", TOUCHES)
def test_a_merge_whose_rows_were_touched_is_not_undone_and_says_which(organization, till, anna, twin, what):
    live(organization, till, anna, twin)
    join_group(make_group(organization, "G7"), twin.pk)
    one = merge(till, anna, twin)
    TOUCHES[what](organization, till, anna)
    before = snapshot(organization)
    with pytest.raises(MergeRefusedError, match=what):
        undo(till, one)
    assert snapshot(organization) == before


def test_a_merge_whose_survivor_was_merged_on_is_undone_last(organization, till, anna, twin):
    third = send(till, mobile="9812300003", registered_on=OLD).customer
    live(organization, till, anna, twin, third)
    before = snapshot(organization)
    first = merge(till, anna, twin)
    between = snapshot(organization)
    second = merge(till, third, anna)
    with pytest.raises(MergeRefusedError, match="merged on"):
        undo(till, first)
    undo(till, second)
    assert snapshot(organization) == between
    assert find(organization, "id", twin.pk) == (anna.pk, True)
    undo(till, first)
    assert snapshot(organization) == before
    assert is_clean(organization)


def hobby_of(organization: Organization, *customers: Customer) -> None:
    hobby = FieldDefinition.objects.filter(name="hobby").first() or make_field(organization, "hobby")
    Customer.objects.filter(pk__in=[one.pk for one in customers]).update(field_values={str(hobby.pk): "chess"})


# What both of two who are merged into the same customer bring: it comes from the first of them.
COMMON: dict[str, Callable[[Organization, Customer, Customer], object]] = {
    "group": lambda organization, one, other: join_group(make_group(organization, "G1"), one.pk, other.pk),
    "identifier": lambda organization, one, other: [
        Identifier.objects.create(organization=organization, customer=each, kind="external_id", value=f"X{each.pk}")
        for each in (one, other)
    ],
    "name": lambda organization, one, other: Customer.objects.filter(pk__in=[one.pk, other.pk]).update(lastname="Rao"),
    "field": hobby_of,
}


@pytest.mark.parametrize("what", COMMON)
def test_what_a_later_merge_has_left_out_is_not_lost_when_an_earlier_one_is_undone(organization, till, anna, what):
    one, other = (send(till, mobile=f"981230001{place}").customer for place in range(2))
    COMMON[what](organization, one, other)
    before = snapshot(organization)
    first, second = merge(till, anna, one), merge(till, anna, other)
    with pytest.raises(MergeRefusedError, match=f"Customer {other.pk} was merged later"):
        undo(till, first)
    undo(till, second)
    undo(till, first)
    assert snapshot(organization) == before


def test_a_merge_is_undone_under_a_later_one_that_brought_something_else(organization, till, anna, twin):
    third = send(till, mobile="9812300003").customer
    live(organization, till, anna, twin)
    first = merge(till, anna, twin)
    merge(till, anna, third)
    undo(till, first)
    assert find(organization, "id", twin.pk) == (twin.pk, False)
    assert find(organization, "id", third.pk) == (anna.pk, True)
    assert is_clean(organization)


def test_a_preview_tells_what_would_move(till, anna, twin):
    preview = preview_merge(survivor=anna.pk, victim=twin.pk)
    assert preview.moving == {"memberships": 1}
    assert preview.identifiers == {"mobile": "919812300001", "email": "anna@example.com", "external_id": "NW-2"}
    assert preview.inherited == ("919812300002",)


def test_a_shared_address_that_came_with_two_merged_customers_becomes_the_current_one_once(
    till: Till, organization: Organization
) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0, "CONF_ALLOW_EMAIL_UPDATE": 1}
    organization.save(update_fields=["flags"])
    anna = send(till, mobile="9812300001", email="anna@example.com").customer
    for mobile in ("9812300002", "9812300003"):
        merge(till, anna, send(till, mobile=mobile, email="family@example.com").customer)
    send(till, update_customer, mobile="9812300001", email="family@example.com")
    rows = Identifier.objects.filter(customer=anna, kind="email").order_by("pk")
    assert list(rows.values_list("value", "state")) == [
        ("anna@example.com", "FORMER"),
        ("family@example.com", "CURRENT"),
        ("family@example.com", "MERGED"),
    ]


def test_an_address_that_is_the_survivors_own_too_leads_there_without_a_warning(till: Till, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0}
    organization.save(update_fields=["flags"])
    anna, usha = (send(till, mobile=mobile, email="family@example.com").customer for mobile in ("9812300001", "9812300002"))
    merge(till, usha, anna)
    asked = Asked(key="email", values=["family@example.com"])
    (answer,) = look_up(asked, organization=organization, policy=organization.policy, country_code="")
    assert (answer.customer_id, answer.is_victims) == (usha.pk, False)
