"""Import of customers: what a row does (docs/imports.md)."""

from functools import partial

import pytest
from django.db import connection

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from loyalty_project.protocol.codes import Code
from organizations.audit.models import AuditEntry
from organizations.imports.models import ImportRun, RejectedRow
from subscriptions.models import Consent, ConsentChange
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory
from tests.imports import rejects, run_import

pytestmark = pytest.mark.django_db
run = partial(run_import, "import_customers")


def test_rows_are_created_updated_unchanged_or_rejected(write, tmp_path):
    path = write("mobile,firstname", "9812345678,Asha", "12ab,Bo", "9812345679,Cy", "9812345678,Usha", "9812345679,Cy")
    outcome = run(path, "--errors", str(tmp_path / "errors.csv"))
    assert (outcome.status, outcome.counts) == (1, (2, 1, 1, 1))
    assert list(Customer.objects.order_by("pk").values_list("firstname", flat=True)) == ["Usha", "Cy"]
    assert rejects(tmp_path / "errors.csv") == [
        {"error_line": "3", "error_code": "1001", "error_message": "Unable to register. Invalid mobile number.",
         "error_detail": 'mobile: "12ab" is not a mobile number of IN, GB or AE', "mobile": "12ab", "firstname": "Bo"},
    ]  # fmt: skip
    again = run(path)
    assert again.counts == (0, 2, 2, 1)  # the file itself renames Asha and back
    assert ImportRun.objects.filter(finished_at=None).count() == 0
    assert not RejectedRow.objects.exists()
    assert AuditEntry.objects.filter(source="IMPORT", actor="command:import_customers", action="registered").count() == 2


def test_mended_error_file_is_imported_as_it_is(write, tmp_path):
    errors = tmp_path / "errors.csv"
    run(write("mobile,firstname", "12ab,Bo"), "--errors", str(errors))
    errors.write_text(errors.read_text().replace("12ab", "9812345678"))
    assert run(errors).counts == (1, 0, 0, 0)
    assert Customer.objects.get().firstname == "Bo"


def test_every_column_reaches_the_customer(write, organization, till):
    FieldFactory(organization=organization, name="FavoriteColor", type="enum", options=["Green"])
    FieldFactory(organization=organization, name="city", category="extended")
    FieldFactory(organization=organization, name="Favorite Brand", category="preference")
    FieldFactory(organization=organization, name="Retired", is_active=False)
    store = StoreFactory(organization=organization, code="del.cp")
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="G-1")
    outcome = run(write(
        "mobile,email,external_id,firstname,lastname,type,registered_on,registered_till,associated_with,source,"
        "fraud_status,test_control_status,ndnc_status,card_number,preferred_store,"
        "custom.FavoriteColor,extended.city,preference.Favorite Brand",
        "9812345678,A@example.com,E-1,Asha,Rao,NON_LOYALTY,2020-02-03 04:05:06,mgroad.till1,mgroad.till1,INSTORE,"
        "MARKED,CONTROL,DND,"
        "G-1,del.cp,green,Pune,Acme",
    ))  # fmt: skip
    assert (outcome.status, outcome.counts, outcome.err) == (0, (1, 0, 0, 0), "")
    customer = Customer.objects.get()
    assert (customer.type, customer.fraud_status, customer.test_control_status, customer.ndnc_status) == (
        "NON_LOYALTY", "MARKED", "CONTROL", "DND",
    )  # fmt: skip
    assert (customer.registered_till, customer.associated_till, customer.preferred_store) == (till, till, store)
    assert customer.registered_on.isoformat() == "2020-02-02T22:35:06+00:00"
    assert sorted(map(str, customer.field_values.values())) == ["Acme", "Green", "Pune"]
    assert Card.objects.get().customer == customer
    assert Identifier.objects.count() == 3


def test_registration_date_is_corrected_by_an_import(write):
    run(write("mobile,registered_on", "9812345678,2020-01-01"))
    assert run(write("mobile,registered_on", "9812345678,2021-01-01")).counts == (0, 1, 0, 0)


def test_consent_columns_count_as_updates_only_if_changed(write, tmp_path):
    header, errors = "mobile,sms_trans,sms_bulk,email_trans,email_bulk", tmp_path / "errors.csv"
    path = write(header, "9812345678,1,0,,", "9812345679,,, 1 ,0", "9812345670,,,,", "9812345671,,yes,,", "9812345678,1,1,,")
    outcome = run(path, "--errors", str(errors))
    assert (outcome.status, outcome.counts, outcome.err) == (
        1,
        (3, 1, 0, 1),
        f"Error 400 {Code.INVALID_INPUT.sentence} (once, line 5)\n",
    )
    assert [(row["error_line"], row["error_code"]) for row in rejects(errors)] == [("5", "400")]
    assert not Identifier.objects.filter(value="919812345671").exists()
    consents = Consent.objects.values_list("customer__identifiers__value", "channel", "priority", "is_subscribed")
    assert sorted(consents) == [
        ("919812345678", "SMS", "BULK", True),
        ("919812345678", "SMS", "TRANS", True),
        ("919812345679", "EMAIL", "BULK", False),
        ("919812345679", "EMAIL", "TRANS", True),
    ]
    log = ConsentChange.objects.filter(channel="SMS", priority="BULK").order_by("pk")
    assert list(log.values_list("source", "actor", "old", "new")) == [
        ("IMPORT", "command:import_customers", None, False),
        ("IMPORT", "command:import_customers", False, True),
    ]
    assert run(write(header, "9812345678,1,1,,", "9812345679,,,1,0", name="again.csv")).counts == (0, 0, 2, 0)
    assert run(write(header, "9812345678,1,0,,", "9812345679,,,1,0", name="other.csv")).counts == (0, 1, 1, 0)


def test_skipped_customers_keep_their_consents(write):
    path = write("mobile,sms_bulk", "9812345678,1")
    run(path)
    assert run(write("mobile,sms_bulk", "9812345678,0", name="x.csv"), "--on-existing", "skip").counts == (0, 0, 1, 0)
    assert Consent.objects.get().is_subscribed


def test_a_consent_that_cannot_be_kept_is_a_warning(write):
    """The batch is divided, so that the others keep theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE subscriptions_consent ADD CONSTRAINT no_opt_outs CHECK (is_subscribed OR channel <> 'EMAIL')"
        )
    outcome = run(write("mobile,email_bulk", "9812345678,1", "9812345679,0", "9812345670,1"))
    assert (outcome.status, outcome.counts) == (0, (3, 0, 0, 0))
    assert "Warning 91022 Failed to update subscription for EMAIL channel and priority BULK (once, line 3)" in outcome.err
    assert Consent.objects.count() == 2


def test_an_id_updates_that_customer_and_creates_none(write):
    run(write("mobile", "9812345678"))
    customer = Customer.objects.get()
    assert run(write("id,firstname", f"{customer.pk},Asha", "999999999,Ghost", ",Nobody")).counts == (0, 1, 0, 2)
    assert Customer.objects.get().firstname == "Asha"


@pytest.mark.parametrize(
    ("choice", "counts", "status"), [("update", (1, 1, 0, 0), 0), ("skip", (1, 0, 1, 0), 0), ("reject", (1, 0, 0, 1), 1)]
)
def test_known_customers_are_updated_skipped_or_rejected(write, tmp_path, choice, counts, status):
    run(write("mobile,firstname", "9812345678,Asha"))
    outcome = run(
        write("mobile,firstname", "9812345678,Usha", "9812345679,Cy"),
        "--on-existing",
        choice,
        "--errors",
        str(tmp_path / "e.csv"),
    )
    assert (outcome.counts, outcome.status) == (counts, status)
    assert [row["error_code"] for row in rejects(tmp_path / "e.csv")] == (["1014"] if choice == "reject" else [])


def test_warnings_reject_nothing_and_are_counted(write):
    outcome = run(write("mobile,firstname,preferred_store", "9812345678,A*sha,nowhere", "9812345679,B*o,"))
    assert outcome.counts == (2, 0, 0, 0)
    assert "Warning 91003 Validation failed (2 times, lines" in outcome.err
    assert "Warning 1053 Preferred store specified is not found (once, line 2)" in outcome.err


def test_an_unknown_referral_code_is_warned_of(write):
    outcome = run(write("mobile,referral_code", "9812345678,FRIEND", "9812345679,"))
    assert (outcome.status, outcome.counts) == (0, (2, 0, 0, 0))
    assert "Warning 1009 Unable to add registered customer to MLM (once, line 2)" in outcome.err


def test_a_skipped_customer_gets_no_card(write, organization):
    card = CardFactory(series__organization=organization, number="G-1")
    run(write("mobile", "9812345678"))
    assert run(write("mobile,card_number", "9812345678,G-1"), "--on-existing", "skip").counts == (0, 0, 1, 0)
    card.refresh_from_db()
    assert card.customer is None
