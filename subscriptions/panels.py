"""The table of consents on a customer's page: the customer's choices, and whether messages may be sent."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.back_office.tables import Column, Table, badge, strong, table
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from subscriptions.models import Channel, Consent, Priority
from subscriptions.payloads import PAIRS
from subscriptions.rules import Pair
from subscriptions.sending import may_send
from subscriptions.services import consents_of


def consents_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:
    """All pairs of channel and priority, with links to change them and to the log; None without permission. One query."""
    if not seen_by.has_perm("subscriptions.view_consent"):
        return None
    consents = consents_of([customer.pk])[customer.pk]
    known_by = {row.kind for row in customer.identifiers.all() if row.state == Identifier.State.CURRENT}
    may_change = seen_by.has_perm("subscriptions.change_consent")
    rows = []
    for pair in PAIRS:
        row = _row(pair, consents.get(pair), opt_in_type=organization.policy.opt_in_type, known_by=known_by)
        rows.append([*row, _change_link(customer, pair)] if may_change else row)
    columns: list[str | Column] = [strong("Channel"), "Messages", "Answer", "Since", "May be contacted"]
    if may_change:
        columns.append("")
    log = reverse("admin:subscriptions_consentchange_changelist")
    return table("Consent", columns, rows, link=f"{log}?customer={customer.pk}", link_text="Show log")


def _row(pair: Pair, consent: Consent | None, *, opt_in_type: str, known_by: set[str]) -> list[Any]:
    channel, priority, _scope = pair
    is_subscribed = consent.is_subscribed if consent else None
    verdict = may_send(channel, is_subscribed=is_subscribed, opt_in_type=opt_in_type, known_by=known_by)
    return [
        Channel(channel).label,
        Priority(priority).label,
        _answer(consent),
        consent.decided_at if consent else None,
        format_html(
            '<span><span class="bo-strong">{}</span> <span class="bo-quiet">– {}</span></span>',
            "yes" if verdict.is_allowed else "no",
            verdict.why,
        ),
    ]


def _answer(consent: Consent | None) -> SafeString:
    if consent is None:
        return format_html('<span class="bo-quiet">{}</span>', "no answer")
    return badge("subscribed", "good") if consent.is_subscribed else badge("unsubscribed", "bad")


def _change_link(customer: Customer, pair: Pair) -> SafeString:
    channel, priority, _scope = pair
    url = reverse("admin:subscriptions_consentchange_decide", args=[customer.pk, channel, priority])
    return format_html('<a class="bo-link" href="{}">Change</a>', url)
