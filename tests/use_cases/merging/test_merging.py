"""Merges of two customers: moved rows, kept rows, and identifiers that lead to the survivor."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.lookup.reads import read_customers
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from customers.sources.models import SourceProfile
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.expiry import Expiry
from engagement.points.ledger.posting import Kind, post
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from organizations.tenancy.references import references_across_tenants
from organizations.tenancy.scoping import unscoped
from subscriptions.models import Consent
from tests.factories.bills import bring_back, buy
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.consents import ConsentFactory
from tests.factories.events import DeferredEventFactory
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory, facts, give_points
from tests.factories.programs import MembershipFactory, ProgramFactory
from tests.factories.segments import SegmentFactory, put_into
from tests.factories.sources import SourceProfileFactory
from tests.factories.statuses import CustomerStatusFactory, label
from tests.use_cases.merges import OLD, account_of, find, is_clean, merge, send, undo
from use_cases.deferred_events import work_deferred_events
from use_cases.merging import KEPT, MOVED, MergeRefusedError, merge_customers, preview_merge

pytestmark = pytest.mark.django_db


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
        columns_by_index: dict[tuple[str, str], set[str]] = {}
        for table, column, index in cursor.fetchall():
            columns_by_index.setdefault((table, column), set()).add(index)
        return columns_by_index


def test_whatever_refers_to_a_customer_is_moved_or_stays_for_a_reason(db):
    known = {(move.model._meta.db_table, move.model._meta.get_field(move.column).column) for move in (*MOVED, *KEPT)}
    assert constrained_columns() == known
    assert all(move.reason for move in KEPT)


def test_every_uniqueness_that_a_move_may_meet_has_an_answer(db):
    indexes = uniquenesses()
    for move in MOVED:
        column = move.model._meta.get_field(move.column).column
        assert indexes.get((move.model._meta.db_table, column), set()) == set(move.conflicts), move.label


# --- what moves


def test_the_victims_identifiers_fill_gaps_of_the_survivor(organization, till, anna, twin):
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


def test_the_victims_names_and_fields_fill_gaps_of_the_survivor(organization, till, anna, twin):
    hobby, city = (
        FieldFactory(organization=organization, name="hobby"),
        FieldFactory(organization=organization, name="city", category="extended"),
    )
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


def test_the_survivor_takes_the_victims_label_and_returns_it(organization, till, anna, twin):
    given = {"status_reason": "many returns", "status_changed_by": "staff:asha", "status_changed_on": clock.now()}
    held = CustomerStatusFactory(organization=organization, blocks=["points_redeem"])
    label(twin, held, image_url="https://example.com/twin.jpg", **given)
    version = anna.version
    merge_row = merge(till, anna, twin)
    anna.refresh_from_db()
    assert {name: getattr(anna, name) for name in given} == given
    assert (anna.status_label, anna.image_url, anna.version) == (held, "https://example.com/twin.jpg", version + 1)
    undo(till, merge_row)
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason, anna.status_changed_on, anna.image_url) == (None, "", None, "")
    label(anna, CustomerStatusFactory(organization=organization), status_reason="")
    merge(till, anna, twin)
    anna.refresh_from_db()
    assert (anna.status_label == held, anna.status_reason, anna.status_changed_by) == (False, "", "")


def test_a_label_closes_merging(organization, till, anna, twin):
    label(twin, CustomerStatusFactory(organization=organization, blocks=["identifier_change"]))
    with pytest.raises(MergeRefusedError, match="status"):
        merge(till, anna, twin)
    with pytest.raises(LoyaltyError, match="618"):
        send(till, mobile="9812300001", email="anna@example.com")


@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
def test_an_account_that_leaves_is_not_merged(organization, till, anna, twin, status):
    label(twin, CustomerStatusFactory(organization=organization, status=status))
    organization.refresh_from_db()
    for survivor, victim in ((anna, twin), (twin, anna)):
        with pytest.raises(MergeRefusedError, match="whose status forbids it"):
            merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till))
    with pytest.raises(LoyaltyError, match="618"):
        send(till, mobile="9812300001", email="anna@example.com")
    with pytest.raises(LoyaltyError, match="1024"):
        send(till, email="anna@example.com", lastname="Iyer")
    assert not Merge.objects.exists()


PAIRS = [("SMS", "TRANS", "ALL"), ("SMS", "BULK", "ALL"), ("EMAIL", "TRANS", "ALL"), ("EMAIL", "BULK", "ALL")]
# A scope that the product does not know yet: the constraint has it.
WITH_SCOPES = [*PAIRS, ("SMS", "BULK", "NEW")]


@pytest.mark.parametrize("own", WITH_SCOPES, ids=" ".join)
def test_a_consent_stays_with_the_victim_for_the_very_pair_of_the_survivor(till, anna, twin, own):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE subscriptions_consent DROP CONSTRAINT consent_pair_known")
    for customer, pairs, yes in ((anna, [own], False), (twin, WITH_SCOPES, True)):
        for channel, priority, scope in pairs:
            ConsentFactory(customer=customer, channel=channel, priority=priority, scope=scope, is_subscribed=yes)
    row = merge(till, anna, twin)
    columns = ("channel", "priority", "scope", "is_subscribed")
    assert set(Consent.objects.filter(customer=anna).values_list(*columns)) == {(*pair, pair != own) for pair in WITH_SCOPES}
    assert list(Consent.objects.filter(customer=twin).values_list(*columns)) == [(*own, True)]
    undo(till, row)
    assert set(Consent.objects.filter(customer=twin).values_list(*columns)) == {(*pair, True) for pair in WITH_SCOPES}
    assert list(Consent.objects.filter(customer=anna).values_list(*columns)) == [(*own, False)]


def test_cards_profiles_groups_segments_and_consents_move(organization, till, anna, twin):
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="G1", customer=twin)
    for customer, account in ((anna, "a"), (twin, "a"), (twin, "b")):
        SourceProfileFactory(customer=customer, account=account)
    low, high = SegmentFactory(organization=organization, name="spend", partitions=["low", "high"]).partitions.all()
    (new,) = SegmentFactory(organization=organization, name="age", partitions=["new"]).partitions.all()
    put_into(low, anna.pk)
    put_into(high, twin.pk)
    put_into(new, twin.pk)
    family, club = (
        UserGroupFactory(organization=organization, external_id="G1"),
        UserGroupFactory(organization=organization, external_id="G2"),
    )
    join_group(family, anna.pk)
    join_group(family, twin.pk, role="PRIMARY")
    join_group(club, twin.pk)
    for customer, channel, is_subscribed in ((anna, "SMS", True), (twin, "SMS", False), (twin, "EMAIL", True)):
        ConsentFactory(customer=customer, channel=channel, is_subscribed=is_subscribed)
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
    assert [(lot.points, lot.expires_on, lot.is_open, lot.account_id) for lot in moved] == [
        (20, last_day, True, account.pk),
        (5, None, False, account.pk),
    ]
    kinds = PointsEntry.objects.filter(explanation__because="merge").order_by("pk").values_list("kind", "points", "promised")
    assert sorted(kinds) == [("MERGE_IN", 0, 5), ("MERGE_IN", 20, 0), ("MERGE_OUT", -20, 0), ("MERGE_OUT", 0, -5)]
    assert is_clean(organization)


def test_the_survivor_joins_the_victims_program_with_its_tier(organization, till, anna, twin):
    other = ProgramFactory(organization=organization, name="Other")
    membership = MembershipFactory(customer=twin, program=other, enrolled_on=clock.now())
    give_points(PointsAccountFactory(organization=organization, customer=twin, program=other, membership=False), 7)
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
    event = DeferredEventFactory(customer=twin, kind="welcome", payload={"programs": []})
    merge(till, anna, twin)
    event.refresh_from_db()
    assert event.customer_id == anna.pk
    assert work_deferred_events(organization, anna.pk) == 1


def test_a_merge_is_recorded_and_audited_on_both_sides(organization, till, anna, twin):
    merge_row = merge(till, anna, twin)
    assert (merge_row.survivor_id, merge_row.victim_id, merge_row.actor) == (anna.pk, twin.pk, "till:mgroad.till1")
    entries = AuditEntry.objects.filter(action="merged").order_by("object_id").values_list("object_id", "new")
    assert list(entries) == [
        (anna.pk, {"merge": merge_row.pk, "victim": twin.pk}),
        (twin.pk, {"merge": merge_row.pk, "survivor": anna.pk}),
    ]


# --- again, the other way round, and on


def test_the_same_merge_again_changes_nothing(organization, till, anna, twin):
    merge_row = merge(till, anna, twin)
    entries = PointsEntry.objects.count()
    again = merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    assert (again.merge, again.is_new) == (merge_row, False)
    assert (Merge.objects.count(), PointsEntry.objects.count()) == (1, entries)


@pytest.mark.parametrize("pairs", [[("twin", "anna")], [("anna", "anna")], [("other", "twin")]])
def test_a_merged_customer_is_not_merged_again(till, anna, twin, pairs):
    people = {"anna": anna, "twin": twin, "other": send(till, mobile="9812300003").customer}
    merge(till, anna, twin)
    for survivor, victim in pairs:
        with pytest.raises(MergeRefusedError):
            merge_customers(survivor=people[survivor].pk, victim=people[victim].pk, by=till_actor(till))


def test_a_missing_customer_is_not_merged(till, anna):
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


# --- bills of before


def test_a_return_of_the_victims_bill_takes_back_moved_points(organization, till, twin, anna):
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


def test_a_preview_lists_what_would_move(till, anna, twin):
    people = read_customers([anna.pk, twin.pk])
    preview = preview_merge(survivor=people[anna.pk], victim=people[twin.pk])
    assert preview.moving == {"memberships": 1}
    assert preview.identifiers == {"mobile": "919812300001", "email": "anna@example.com", "external_id": "NW-2"}
    assert preview.inherited == ("919812300002",)
