"""Erasing a person's data, and exporting it: what is stored about them is planted everywhere and then searched everywhere."""

import json
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from pytest_django import Settings

from customers.erasure.models import Erasure
from customers.erasure.services import digest_of
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership
from engagement.tiers.models import TierChange
from loyalty_project import clock
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.idempotency.models import KeptAnswer
from organizations.imports.files import preview_path, rejected_path, uploaded_path
from organizations.imports.kinds import import_kinds
from organizations.imports.models import ImportRun, RejectedRow
from organizations.imports.uploads import store_upload
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from referrals.invitations.models import Invitation
from subscriptions.models import ConsentChange
from tests.api import Api, fields
from tests.factories.adjustments import adjust
from tests.factories.bills import Shop
from tests.factories.coupons import hold, open_series, use
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.identity_requests import ask
from tests.factories.interactions import InteractionFactory, NotificationFactory
from tests.factories.locations import till_actor
from tests.factories.messages import OutboxMessageFactory
from tests.factories.notes import NoteFactory
from tests.factories.recommendations import RecommendationFactory
from tests.factories.redemptions import redeem
from tests.factories.referrals import ReferralCampaignFactory
from tests.factories.tickets import TicketFactory
from tests.factories.webhooks import listen
from tests.printed_log import printed_log
from tests.use_cases.merges import merge, send
from tickets.ticket.services import comment_on_ticket
from use_cases.erasure import PERSONAL_ROWS, ErasureRefusedError, erase_customer, export_customer
from use_cases.merging import MergeRefusedError, undo_merge
from webhooks.events.models import Event

pytestmark = pytest.mark.django_db

# Stands in every value about the person that a till or a member of staff could write.
TOKEN: Final = "zqxplanted"
MOBILE: Final = "919812377777"
PLANTED: Final = {
    *("customers_customer", "customers_identifier", "customers_identityrequest", "organizations_auditentry"),
    *("organizations_keptanswer", "organizations_rejectedrow", "engagement_bill", "engagement_billline"),
    *("engagement_couponredemption",),
    *("engagement_pointsadjustment", "engagement_pointsentry", "engagement_redemption", "engagement_note"),
    *("engagement_interaction", "engagement_notification", "engagement_recommendation", "tickets_ticket"),
    *("tickets_ticketcomment", "referrals_invitation"),
}
ROOT: Final = Path(__file__).parents[3]
PACKAGES: Final = ("customers", "engagement", "organizations", "referrals", "subscriptions", "tickets", "webhooks", "use_cases")
# How a service names the type of an audit entry's object.
_AUDITED: Final = re.compile(r"""(?:object_type=|NOUN(?:: Final)? = )"(\w+)\"""")
# Columns that are no one's: ids of things, figures, names of staff and of what the organization configured.
IMPERSONAL: Final = {
    "customers_customer": "source fraud_marked_by status_changed_by",
    "customers_identityrequest": "requested_by decided_by",
    "customers_merge": "actor undone_by",
    "customers_erasure": "actor basis merged places digest",
    "engagement_adjustmentreversal": "",
    "engagement_bill": "number scope delivery_status source currency content recorded_by returned_number",
    "engagement_billanswer": "content",
    "engagement_billline": "serial item_code description",
    "engagement_billpoints": "of_lines",
    "engagement_coupon": "code reference transaction_number made_by",
    "engagement_couponredemption": "transaction_number made_by",
    "engagement_couponreversal": "made_by",
    "engagement_deferredevent": "kind payload actor request_id last_error",
    "engagement_interaction": "network status survey_name sent_by",
    "engagement_pointsadjustment": "token requested_by decided_by",
    "engagement_pointsentry": "reference made_by explanation",
    "engagement_redemption": "code transaction_number validation_code",
    "engagement_tierchange": "made_by explanation",
    "referrals_referralcode": "code",
    "referrals_referrallink": "made_by",
    "referrals_reward": "coupon_series evidence problem decided_by",
    "tickets_ticket": "code status priority department assigned_to made_by",
    "tickets_ticketcomment": "made_by",
    "tickets_ticketlink": "made_by",
    "subscriptions_consentchange": "actor request_id",
}


@pytest.fixture
def by(organization: Organization) -> Actor:
    return command_actor("erase_customer", organization)


def erase(customer: Customer, by: Actor) -> Erasure:
    return erase_customer(customer.pk, basis="Request 17", by=by)


@pytest.fixture
def person(shop: Shop, organization: Organization) -> Customer:
    """A customer with the token in all that is known of them, and a customer merged into them."""
    FieldFactory(organization=organization, name="hobby", category="custom")
    api, till = Api(shop.till), shop.till
    item = {
        "mobile": MOBILE,
        "email": f"{TOKEN}@example.com",
        "external_id": f"X-{TOKEN}",
        "firstname": f"Ann {TOKEN}",
        "lastname": TOKEN,
        "custom_fields": fields(hobby=TOKEN),
        "subscriptions": {"subscription": [{"priority": "BULK", "scope": "ALL", "channel": "SMS", "is_subscribed": 1}]},
    }
    assert api.add(**item, key="till-1-0001").code == "1000"
    customer = Customer.objects.get(identifiers__value=MOBILE)
    victim = send(till, mobile="919812388888", email=f"other-{TOKEN}@example.com", firstname=TOKEN).customer
    line = LineDraft(item_code="RING", amount=Decimal(1000), details={"attributes": {"engraving": TOKEN}})
    shop.record(shop.draft("lift", 1000, customer_id=customer.pk, notes=TOKEN, details={"cashier": TOKEN}, lines=[line]))
    ask(till, "EMAIL", f"{TOKEN}@example.com", f"new-{TOKEN}@example.com")
    account = PointsAccount.objects.get(customer=customer, moved_to=None)
    adjust(account, 50, reason=TOKEN)
    redeem(customer, account.program, 10, "2026-03-05 12:00:00", till=till, note=TOKEN, purpose=TOKEN)
    merge(till, customer, victim)
    series = open_series(organization)
    use(hold(customer, series, by=till_actor(till)), till_actor(till), custom_fields=[{"name": "a", "value": TOKEN}])
    NoteFactory(customer=customer, description=TOKEN)
    InteractionFactory(customer=customer, sender=TOKEN, receiver=MOBILE, subject=TOKEN, type="survey", survey_name="Spring")
    NotificationFactory(customer=customer, subject=TOKEN)
    OutboxMessageFactory(customer=customer)
    RecommendationFactory(customer=customer, description=TOKEN)
    ticket = TicketFactory(customer=customer, subject=TOKEN, message=TOKEN)
    comment_on_ticket(ticket, TOKEN, by=till_actor(till))
    campaign = ReferralCampaignFactory(organization=organization)
    for inviting, invited in [(customer, f"friend-{TOKEN}@example.com"), (CustomerFactory(organization=organization), MOBILE)]:
        Invitation.objects.create(
            organization=organization,
            campaign=campaign,
            customer=inviting,
            channel="EMAIL" if "@" in invited else "MOBILE",
            identifier=invited,
            invited_at=clock.now(),
            recorded_at=clock.now(),
            made_by="till:x",
        )
    run = ImportRun.objects.create(organization=organization, command="import_customers", started_at=clock.now())
    row = {"organization": organization, "run": run, "code": 1001, "message": "bad"}
    RejectedRow.objects.create(**row, line=2, detail=f"{TOKEN}@example.com", cells=json.dumps(f"{TOKEN}@example.com,Ann"))
    RejectedRow.objects.create(**row, line=3, cells=json.dumps("98123 77777,Ann"))
    RejectedRow.objects.create(**row, line=4, cells=json.dumps(["9812399999", "Bea"]))
    return Customer.objects.get(pk=customer.pk)


@pytest.fixture
def files(person: Customer, organization: Organization, settings: Settings, tmp_path: Path) -> dict[str, Path]:
    """Files of imports with the person in them: one that waits, and rows that a preview and a run rejected."""
    settings.IMPORT_FILES_DIR = tmp_path / "imports"
    by = command_actor("load", organization)
    lines = f"Phone,Name\n9812399999,Bea\n98123 77777,{TOKEN}\n9812399998,Cleo\n"
    kind = import_kinds()["customers"]
    uploaded = store_upload(BytesIO(lines.encode()), filename="members.csv", kind=kind, by=by)
    run = ImportRun.objects.create(organization=organization, command="import_customers", started_at=clock.now())
    rejected = (
        f"error_line,error_code,error_message,error_detail,mobile,name\n2,1001,bad,x,{MOBILE},{TOKEN}\n3,1001,bad,x,12,Bea\n"
    )
    for path in (preview_path(uploaded), rejected_path(run)):
        path.write_text(rejected)
    return {"waiting": uploaded_path(uploaded), "preview": preview_path(uploaded), "run": rejected_path(run)}


def test_the_person_is_found_in_no_file_of_imports(files: dict[str, Path], person: Customer, by: Actor) -> None:
    before = files["waiting"].read_bytes()
    certificate = erase(person, by)
    assert {"place": "Rows of uploaded files", "rows": 3} in certificate.places
    for path in files.values():
        text = path.read_text()
        assert TOKEN not in text
        assert "77777" not in text
        assert "Bea" in text
    # An import that is under way finds its place in the file.
    after = files["waiting"].read_bytes()
    assert (len(after), after.count(b"\n")) == (len(before), before.count(b"\n"))
    assert after.endswith(b"9812399998,Cleo\n")


def found_in_database(text: str) -> dict[str, int]:
    """Numbers of rows with the text, of every table of the database."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE strpos(lower(row::text), %s) > 0', [text])  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return {table: rows for table, rows in found.items() if rows}


def test_the_person_is_found_nowhere_afterwards(person: Customer, by: Actor) -> None:
    assert set(found_in_database(TOKEN)) >= PLANTED
    with printed_log() as log:
        certificate = erase(person, by)
    assert (found_in_database(TOKEN), found_in_database(MOBILE)) == ({}, {})
    assert TOKEN not in log.getvalue()
    assert MOBILE not in log.getvalue()
    assert {place["place"] for place in certificate.places} >= {"Customers", "Identifiers", "Bills", "Audit entries"}


def test_totals_and_books_stay(person: Customer, organization: Organization, by: Actor) -> None:
    account = PointsAccount.objects.get(customer=person, moved_to=None)
    before = (Bill.objects.count(), PointsEntry.objects.count(), account.balance)
    erase(person, by)
    account.refresh_from_db()
    assert (Bill.objects.count(), PointsEntry.objects.count(), account.balance) == before
    assert [str(finding) for finding in check_ledger(organization)] == []
    assert TierChange.objects.filter(membership__customer=person).exists()
    assert Membership.objects.get(customer=person).tier is not None


def test_others_keep_what_is_theirs(person: Customer, organization: Organization, by: Actor) -> None:
    other = CustomerFactory(organization=organization, with_identifiers=True, firstname="Bea")
    erase(person, by)
    other.refresh_from_db()
    assert (other.firstname, other.erased_at, Identifier.objects.filter(customer=other).count()) == ("Bea", None, 3)
    assert [json.loads(row.cells) for row in RejectedRow.objects.order_by("line")] == ["", "", ["9812399999", "Bea"]]


def test_get_answers_8109_with_the_id_alone(person: Customer, shop: Shop, by: Actor) -> None:
    api = Api(shop.till)
    assert api.get(f"id={person.pk}").code == "1000"
    erase(person, by)
    answer = api.get(f"id={person.pk}")
    assert answer.code == "8109"
    assert {key: value for key, value in answer.item.items() if key != "item_status"} == {"id": str(person.pk)}
    assert api.get(f"mobile={MOBILE}").code == "1012"


def test_a_repeated_call_is_not_worked_again(person: Customer, shop: Shop, by: Actor) -> None:
    customers = Customer.objects.count()
    erase(person, by)
    kept = KeptAnswer.objects.get()
    assert (json.loads(kept.body)["item_status"]["code"], kept.succeeded) == ("8109", False)
    assert Customer.objects.count() == customers
    del shop


def test_the_same_mobile_is_another_customer(person: Customer, shop: Shop, by: Actor) -> None:
    erase(person, by)
    again = Api(shop.till).add(mobile=MOBILE, firstname="Ann")
    assert again.code == "1000"
    assert again.item["user_id"] != str(person.pk)


def test_an_erased_customer_is_not_updated(person: Customer, shop: Shop, by: Actor) -> None:
    erase(person, by)
    assert Api(shop.till).update(user_id=person.pk, firstname="Back").code != "1000"
    person.refresh_from_db()
    assert (person.firstname, str(person)) == ("", f"Erased customer {person.pk}")


def test_erasing_again_changes_nothing(person: Customer, by: Actor) -> None:
    first = erase(person, by)
    assert erase(person, by).pk == first.pk
    assert AuditEntry.objects.filter(action="erased", object_id=person.pk).count() == 1


def test_merged_and_unknown_customers_are_refused(person: Customer, by: Actor) -> None:
    victim = Customer.objects.get(merged_into=person)
    with pytest.raises(ErasureRefusedError, match="erase that one"):
        erase(victim, by)
    with pytest.raises(ErasureRefusedError, match="no customer"):
        erase_customer(10**15, basis="Request 17", by=by)


def test_merged_customers_are_erased_too(person: Customer, by: Actor) -> None:
    victim = Customer.objects.get(merged_into=person)
    assert erase(person, by).merged == [victim.pk]
    victim.refresh_from_db()
    assert (victim.firstname, victim.erased_at is not None) == ("", True)


def test_a_merge_of_erased_customers_is_not_undone(person: Customer, shop: Shop, by: Actor) -> None:
    row = person.merges.get()
    erase(person, by)
    with pytest.raises(MergeRefusedError, match="erased"):
        undo_merge(row, reason="They are two", by=till_actor(shop.till))


def test_a_failure_outside_the_database_erases_nothing(person: Customer, by: Actor) -> None:
    def fail(values: list[str]) -> None:
        assert MOBILE in values
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        erase_customer(person.pk, basis="Request 17", by=by, before_commit=fail)
    person.refresh_from_db()
    assert (person.erased_at, Erasure.objects.count()) == (None, 0)


def test_the_certificate_is_checked_by_its_digest(person: Customer, by: Actor) -> None:
    certificate = erase(person, by)
    certificate.refresh_from_db()
    assert digest_of(certificate) == certificate.digest
    certificate.places[0]["rows"] += 1
    assert digest_of(certificate) != certificate.digest


def test_nothing_changes_a_certificate(person: Customer, by: Actor) -> None:
    certificate = erase(person, by)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Erasure.objects.filter(pk=certificate.pk).update(basis="None")


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (AuditEntry, {"actor": ""}),
        (AuditEntry, {"new": {"a": 1}}),
        (ConsentChange, {"new": False}),
        (PointsEntry, {"points": 7}),
    ],
)
def test_append_only_rows_can_be_emptied_alone(model: type[models.Model], values: dict[str, Any], person: Customer) -> None:
    rows = model._default_manager.all()
    assert rows.exists()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows.update(**values)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows._raw_delete("default")  # type: ignore[attr-defined]  # past the collector, which protects referenced rows
    del person


def _judged() -> dict[str, set[str] | None]:
    """Columns that an erasure empties, by table; None: the rows are deleted."""
    judged: dict[str, set[str] | None] = {}
    for rows in PERSONAL_ROWS:
        if rows.emptied is None and rows.table not in judged:
            judged[rows.table] = None
        elif rows.emptied is not None:
            judged[rows.table] = (judged.get(rows.table) or set()) | set(rows.emptied)
    return judged


def _models_of_persons() -> list[type[models.Model]]:
    """Customer, and every model that leads to one by foreign keys."""
    found: set[type[models.Model]] = {Customer}
    while True:
        leading = {
            model
            for model in apps.get_models()
            if any(field.related_model in found for field in model._meta.concrete_fields if field.is_relation)
        }
        if leading <= found:
            return sorted(found, key=lambda model: model._meta.db_table)
        found |= leading


def _texts(model: type[models.Model]) -> set[str]:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return {
        field.column
        for field in model._meta.concrete_fields
        if isinstance(field, kinds) and not field.choices and not isinstance(field, models.GeneratedField)
    }


@pytest.mark.parametrize("model", _models_of_persons(), ids=lambda model: model._meta.db_table)
def test_every_text_about_a_person_is_judged(model: type[models.Model]) -> None:
    judged, table = _judged(), model._meta.db_table
    if table in judged and judged[table] is None:
        return
    emptied = judged.get(table) or set()
    known = set(IMPERSONAL.get(table, "").split())
    assert (_texts(model) - emptied - known, known & emptied) == (set(), set())


def test_audit_entries_about_every_row_of_a_person_are_emptied() -> None:
    """The types under which services write audit entries, as far as they are rows of persons."""
    sources = [path for app in PACKAGES for path in (ROOT / app).rglob("*.py")]
    stated = {name for path in sources for name in _AUDITED.findall(path.read_text())}
    of_persons = {model._meta.model_name for model in _models_of_persons()}
    written = stated & of_persons
    assert written > {"customer", "card", "ticket", "reward"}
    assert written - {rows.audited_as for rows in PERSONAL_ROWS} == set()


def test_an_export_has_everything_about_the_person(person: Customer, by: Actor) -> None:
    export = export_customer(person.pk, by=by)
    assert export["customer"] == person.pk
    assert {row["value"] for row in export["data"]["Identifiers"]} >= {MOBILE, f"{TOKEN}@example.com"}
    assert [row["notes"] for row in export["data"]["Bills"]] == [TOKEN]
    assert {"Points", "Coupons", "Consents", "Memberships", "Lines of bills"} <= set(export["data"])
    assert export["data"]["Customers"][0]["field_values"] == {"hobby": TOKEN}
    assert "organization_id" not in json.dumps(export)


def test_an_export_of_a_merged_customer_is_refused(person: Customer, by: Actor) -> None:
    with pytest.raises(ErasureRefusedError, match="merged"):
        export_customer(Customer.objects.get(merged_into=person).pk, by=by)


def test_an_erasure_is_announced_without_personal_data(person: Customer, organization: Organization, by: Actor) -> None:
    listen(organization, "customer.updated", "customer.erased")
    by.organization.refresh_from_db()
    Api(Till.objects.get(code="blr.till1")).update(user_id=person.pk, firstname=f"Anne {TOKEN}")
    certificate = erase(person, by)
    (erased,) = [event for event in Event.objects.filter(kind="customer.erased") if event.customer_id == person.pk]
    assert erased.facts == {"certificate": certificate.pk}
    assert [event.facts for event in Event.objects.filter(kind="customer.updated")] == [{}]
