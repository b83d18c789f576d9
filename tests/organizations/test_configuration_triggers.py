"""Every change of the configuration, by whatever writer, gives its organization a new version."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from customers.field_terms.models import IndexedField
from customers.profile.models import Customer
from engagement.programs.models import Program
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import CustomerFactory
from tests.factories.locations import StoreFactory, ZoneFactory
from tests.factories.organization_files import check, whole
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import EndpointFactory
from tests.races import meanwhile, on_another_connection, wait_until_blocked
from use_cases.organization_file import load_organization

# What an organization is configured by, with a change of a row. A new table belongs here or below.
SWITCH = "is_active = NOT is_active"
CONFIGURATION = {
    "organizations_zone": SWITCH,
    "organizations_concept": SWITCH,
    "organizations_store": SWITCH,
    "organizations_till": SWITCH,
    "organizations_apiclient": SWITCH,
    "organizations_fielddefinition": SWITCH,
    "organizations_cardseries": SWITCH,
    "organizations_sourceaccount": SWITCH,
    "customers_segment": SWITCH,
    "customers_segmentpartition": SWITCH,
    "customers_usergroup": SWITCH,
    "customers_customerstatus": SWITCH,
    "customers_indexedfield": "is_complete = NOT is_complete",
    "webhooks_endpoint": SWITCH,
    "engagement_couponseries": SWITCH,
    "engagement_couponseriesversion": "made_at = made_at - interval '1 day'",
    "engagement_program": SWITCH,
    "engagement_programversion": "made_at = made_at - interval '1 day'",
    "engagement_tier": SWITCH,
    "engagement_program_zones": "id = id + 1000",
    "engagement_program_concepts": "id = id + 1000",
    "engagement_program_card_series": "id = id + 1000",
    "tickets_ticketchoice": SWITCH,
    "referrals_referralcampaign": SWITCH,
    "referrals_referralcampaignversion": "made_at = made_at - interval '1 day'",
}
# What calls, imports and staff write: its rows say nothing about how an organization works.
WRITTEN = {
    "customers_card",
    "customers_customer",
    "customers_customersegment",
    "customers_duplicatecandidate",
    "customers_erasure",
    "customers_fieldterm",
    "customers_groupmembership",
    "customers_identifier",
    "customers_identityrequest",
    "customers_merge",
    "customers_outboxmessage",
    "customers_sourceprofile",
    "customers_validationcode",
    "engagement_activecustomers",
    "engagement_adjustmentreversal",
    "engagement_bill",
    "engagement_billanswer",
    "engagement_billline",
    "engagement_billpoints",
    "engagement_coderun",
    "engagement_coupon",
    "engagement_couponredemption",
    "engagement_couponreversal",
    "engagement_itempair",
    "engagement_recommendation",
    "engagement_dayfigures",
    "engagement_deferredevent",
    "engagement_figuresrefresh",
    "engagement_interaction",
    "engagement_membership",
    "engagement_note",
    "engagement_notification",
    "engagement_occasionrun",
    "engagement_pointsaccount",
    "engagement_pointsadjustment",
    "engagement_pointsconsumption",
    "engagement_pointsentry",
    "engagement_pointsfigures",
    "engagement_pointslot",
    "engagement_programdraft",
    "engagement_purchasetotals",
    "engagement_redemption",
    "engagement_redemptionreversal",
    "engagement_rehearsal",
    "engagement_seriesissues",
    "engagement_tierchange",
    "engagement_tierfigures",
    "organizations_auditentry",
    "organizations_counter",
    "organizations_credentialfailure",
    "organizations_idempotencykey",
    "organizations_importrun",
    "organizations_columnmemory",
    "organizations_createdrecord",
    "organizations_keptanswer",
    "organizations_ratelease",
    "organizations_rejectedrow",
    "organizations_savedview",
    "organizations_submission",
    "organizations_uploadedfile",
    "webhooks_attempt",
    "webhooks_delivery",
    "webhooks_endpointhealth",
    "webhooks_endpointsecret",
    "webhooks_event",
    "referrals_invitation",
    "referrals_refereeevent",
    "referrals_referralcode",
    "referrals_referrallink",
    "referrals_reward",
    "subscriptions_consentchange",
    "subscriptions_consent",
    "tickets_ticket",
    "tickets_ticketcomment",
    "tickets_ticketlink",
    # Each page reads the member of staff and their reach itself.
    "organizations_staffmember",
    "organizations_staffmember_groups",
    "organizations_staffmember_stores",
    "organizations_staffmember_user_permissions",
}
# Tables of packages: sessions, jobs and the like.
PACKAGES = ("auth_", "axes_", "django_", "otp_", "procrastinate_")
UPDATE = "UPDATE {table} SET {change} WHERE id = (SELECT min(id) FROM {table})"
DELETE = "DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})"
INSERT = "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, %s)).*"
ORGANIZATION = "organizations_organization"
EVENTS = ["configuration_deleted", "configuration_inserted", "configuration_truncated", "configuration_updated"]


@pytest.fixture
def configured(db: None) -> Iterator[Organization]:
    """An organization with a row in every table of its configuration, all of which can be changed; another beside it."""
    OrganizationFactory(code="other")
    organization = load_organization(check(whole())).organization
    with organization_scope(organization):
        IndexedField.objects.create(organization=organization, field=FieldDefinition.objects.all()[0])
        program = Program.objects.all()[0]
        program.concepts.add(Concept.objects.all()[0])
        program.card_series.add(CardSeries.objects.all()[0])
        EndpointFactory(organization=organization)
        yield organization


def execute(statement: str, values: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def versions() -> dict[str, int]:
    return dict(Organization.objects.values_list("code", "configuration_version"))


def raised_by(statement: str, values: Any = None) -> set[str]:
    """Codes of the organizations whose version the statement changes. The statement is taken back."""
    before = versions()
    with transaction.atomic():
        execute(statement, values)
        after = versions()
        transaction.set_rollback(True)
    return {code for code in before if after[code] != before[code]}


@contextmanager
def versions_of_rules_may_change() -> Iterator[None]:
    """Without the trigger that refuses changes of versions of rules."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE engagement_programversion DISABLE TRIGGER program_versions_are_append_only")
    execute("ALTER TABLE engagement_couponseriesversion DISABLE TRIGGER coupon_series_versions_are_append_only")
    execute("ALTER TABLE referrals_referralcampaignversion DISABLE TRIGGER referral_campaign_versions_are_append_only")
    execute("SET CONSTRAINTS ALL DEFERRED")
    yield


def test_each_table_is_configuration_or_is_written_by_calls(db):
    tables = execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace")
    ours = {table for (table,) in tables if not table.startswith(PACKAGES)}
    assert ours == {*CONFIGURATION, *WRITTEN, ORGANIZATION}
    assert not CONFIGURATION.keys() & WRITTEN


def test_tables_of_the_configuration_alone_raise_the_version(db):
    triggers = execute(
        "SELECT tgrelid::regclass::text, array_agg(tgname::text ORDER BY tgname) FROM pg_trigger "
        "JOIN pg_proc ON pg_proc.oid = tgfoid WHERE proname = 'raise_configuration_version' GROUP BY 1"
    )
    assert dict(triggers) == dict.fromkeys(CONFIGURATION, EVENTS)


def test_an_update_raises_the_version_of_its_organization_alone(configured):
    with versions_of_rules_may_change():
        raised = {table: raised_by(UPDATE.format(table=table, change=change)) for table, change in CONFIGURATION.items()}
    assert raised == {table: {configured.code} for table in CONFIGURATION}


def test_a_deletion_raises_the_version_of_its_organization_alone(configured):
    with versions_of_rules_may_change():
        raised = {table: raised_by(DELETE.format(table=table)) for table in CONFIGURATION}
    assert raised == {table: {configured.code} for table in CONFIGURATION}


def test_an_insertion_raises_the_version_of_its_organization_alone(configured):
    raised = {}
    with versions_of_rules_may_change():
        for table in CONFIGURATION:
            with transaction.atomic():
                ((row,),) = execute(DELETE.format(table=table) + f" RETURNING to_jsonb({table})::text")
                raised[table] = raised_by(INSERT.format(table=table), [row])
                transaction.set_rollback(True)
    assert raised == {table: {configured.code} for table in CONFIGURATION}


def test_emptying_a_table_raises_the_version_of_all(configured):
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    raised = {table: raised_by(f"TRUNCATE {table} CASCADE") for table in CONFIGURATION}
    assert raised == {table: {configured.code, "other"} for table in CONFIGURATION}


def test_a_row_that_moves_raises_the_version_of_both_organizations(configured):
    other = Organization.objects.get(code="other")
    raised = raised_by("UPDATE organizations_zone SET organization_id = %s", [other.pk])
    assert raised == {configured.code, "other"}


def test_an_update_that_changes_nothing_raises_no_version(configured):
    assert Store.objects.count() > 1
    assert raised_by("UPDATE organizations_store SET name = name") == set()
    assert raised_by("UPDATE organizations_store SET name = 'Closed' WHERE code = 'nowhere'") == set()
    assert raised_by("DELETE FROM organizations_store WHERE code = 'nowhere'") == set()
    assert raised_by("UPDATE organizations_organization SET name = name") == set()


def test_a_change_of_the_row_of_an_organization_raises_its_version(configured):
    assert raised_by("UPDATE organizations_organization SET name = 'New' WHERE code = 'other'") == {"other"}
    assert raised_by("UPDATE organizations_organization SET configuration_version = 7 WHERE code = 'other'") == {"other"}
    assert 7 not in versions().values()


def test_an_instance_read_earlier_cannot_bring_an_earlier_version_back(configured):
    earlier = Organization.objects.get(pk=configured.pk)
    Till.objects.update(name="Renamed")
    between = versions()[configured.code]
    earlier.save()
    assert versions()[configured.code] not in {between, earlier.configuration_version}


def test_a_version_that_was_taken_back_is_never_given_again(configured):
    drawn = {versions()[configured.code]}
    for number in range(1, 21):
        with transaction.atomic():
            Till.objects.update(name=f"Till {number}")
            drawn.add(versions()[configured.code])
            transaction.set_rollback(True)
    assert len(drawn) == 21
    assert len(set(versions().values()) & drawn) == 1


def test_customers_and_their_rows_raise_no_version(configured):
    before = versions()
    CustomerFactory(organization=configured)
    Customer.objects.update(firstname="Anna")
    assert versions() == before


@pytest.mark.django_db(transaction=True)
def test_a_change_of_configuration_does_not_keep_rows_of_tills_waiting(store):
    customers: list[Customer] = []
    with transaction.atomic():
        store.name = "Renamed"
        store.save()
        customers.append(on_another_connection(lambda: CustomerFactory(organization=store.organization)))
    assert Customer.objects.get().pk == customers[0].pk


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_follow_each_other_with_a_version_each(organization):
    store, zone = StoreFactory(organization=organization), ZoneFactory(organization=organization)

    def rename() -> int:
        with organization_scope(organization):
            Zone.objects.filter(pk=zone.pk).update(name="Renamed")
        return versions()[organization.code]

    with ExitStack() as stack, transaction.atomic():
        Store.objects.filter(pk=store.pk).update(name="Renamed")
        first = versions()[organization.code]
        renaming = stack.enter_context(meanwhile(rename))
        wait_until_blocked(1)
    assert versions()[organization.code] == renaming.result() > first
