"""The columns that digests of merges cover. A column added to one of them would make older merges impossible to undo.

A new column therefore goes to `MovedRows.undigested` (or `digest_of(..., without=...)`), not into this list.
"""

from django.db.models import Model

from customers.identifiers.models import Identifier
from customers.merging.transfer import digest_of, digest_values
from engagement.bills.models import Bill
from engagement.points.merging import UNDIGESTED
from engagement.points.models import BillPoints, PointsAccount, PointsLot
from organizations.tenancy.models import Organization
from tests.factories.bills import BillFactory
from tests.factories.locations import TillFactory
from use_cases.merging import MOVED

DIGESTED = {
    "customers.card.customer": (
        "id organization_id series_id number external_id customer_id status label issued_on expires_on"
    ),
    "customers.sourceprofile.customer": ("id organization_id customer_id source account"),
    "customers.groupmembership.customer": ("id organization_id group_id customer_id role"),
    "customers.customersegment.customer": ("id organization_id customer_id segment_id partition_id"),
    "subscriptions.consent.customer": (
        "id organization_id customer_id channel priority scope revision is_subscribed decided_at"
    ),
    "engagement.membership.customer": (
        "id organization_id customer_id program_id enrolled_on tier_id tier_since tier_expires_on"
    ),
    "engagement.bill.customer": (
        "id organization_id customer_id type number scope billed_on billed_at recorded_at till_id store_id amount "
        "gross_amount discount returned_amount is_returned return_of_id return_type sale_returned returned_number "
        "outlier_status delivery_status notes source currency currency_ratio field_values details content recorded_by"
    ),
    "engagement.coupon.customer": (
        "id organization_id series_id version_id customer_id issued_to_id nth code issued_at recorded_at valid_till uses "
        "most_uses reference transaction_number till_id store_id made_by run_id"
    ),
    "engagement.deferredevent.customer": (
        "id organization_id customer_id kind payload source actor till_id store_id request_id context created_at "
        "worked_at attempts last_error"
    ),
    "engagement.pointsadjustment.customer": (
        "id organization_id customer_id program_id points expiry expires_on reason needs_approval status "
        "requested_on requested_by decided_on decided_by decision_reason entry_id"
    ),
    "engagement.note.customer": "id organization_id customer_id description noted_at recorded_at associate_id made_by",
    "engagement.interaction.customer": (
        "id organization_id customer_id network type occurred_at sender receiver subject status delivered_at recorded_at "
        "latitude longitude survey_name nps_score sent_by response_url completed_at"
    ),
    "engagement.notification.customer": (
        "id organization_id customer_id network type occurred_at sender receiver subject status delivered_at recorded_at"
    ),
    "referrals.referralcode.customer": "id organization_id campaign_id customer_id code made_at",
    "referrals.invitation.customer": (
        "id organization_id campaign_id customer_id channel identifier name invited_at recorded_at till_id store_id made_by "
        "link_id"
    ),
    "referrals.reward.receiver": (
        "id organization_id event_id link_id campaign_id role receiver_id earned_by_id nth most state points coupon_series "
        "promised_at due_at given_at evidence problem decided_at decided_by decision_reason entry_id coupon_id"
    ),
    "engagement.recommendation.customer": "id organization_id customer_id item_sku",
    "tickets.ticket.customer": (
        "id organization_id customer_id code subject subject_folded message status priority department type reported_from "
        "assigned_to field_values created_at recorded_at due_at closed_at till_id store_id made_by"
    ),
    "customers.identifier": ("id organization_id customer_id kind value state exclusive value_folded value_reversed"),
    "engagement.pointsaccount": (
        "id organization_id customer_id program_id balance promised lifetime redeemed expired returned "
        "promised_returned adjusted floor purchases visits version last_active_on last_earned_on due_at moved_to_id"
    ),
    "engagement.pointslot": (
        "id organization_id account_id entry_id bill_id kind points left expired returned moved awarded_at opens_at "
        "is_open expires_on moves moves_months moved_from_id"
    ),
    "engagement.billpoints": ("id organization_id bill_id account_id issued claimed taken claimed_spent"),
}


def columns_of(model: type[Model], *without: str) -> str:
    return " ".join(column.attname for column in model._meta.concrete_fields if column.attname not in without)


def test_digests_of_moved_rows_cover_these_columns_for_ever() -> None:
    moved = {move.label: columns_of(move.model, *move.undigested) for move in MOVED}
    others = {model._meta.label_lower: columns_of(model) for model in (Identifier, PointsAccount, PointsLot)}
    others["engagement.billpoints"] = columns_of(BillPoints, *UNDIGESTED)
    assert {**moved, **others} == DIGESTED


def test_a_bill_has_the_digest_that_was_stored_before_new_columns(organization: Organization) -> None:
    till = TillFactory(store__organization=organization)
    bill = BillFactory(till=till, customer__organization=organization, details={"stated_points": "7"})
    rows = Bill.objects.filter(pk=bill.pk)
    stored = digest_values(rows.values_list(*DIGESTED["engagement.bill.customer"].split()))
    rows.update(stated_points=7, part_of=bill)
    (undigested,) = (move.undigested for move in MOVED if move.model is Bill)
    assert digest_of(rows, without=undigested) == stored
