"""Refusals of the form of a customer: the field at which a code is shown, and sentences with links."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.statuses.rules import is_leaving
from loyalty_project.protocol.codes import Code, CodeTable
from organizations.audit.actors import Actor
from organizations.back_office.pages import page_of
from organizations.back_office.refusals import sentence_of
from organizations.policies import Policy
from use_cases.reduced_card import owners_at_other_stores

# The field at which a refusal is shown; other refusals are shown above the form.
FIELD_OF: Final[Mapping[CodeTable, str]] = {
    Code.NO_IDENTIFIER: "mobile",
    Code.COUNTRY_NOT_CONFIGURED: "mobile",
    Code.INVALID_MOBILE: "mobile",
    Code.MOBILE_REQUIRED: "mobile",
    Code.MOBILE_TAKEN: "mobile",
    Code.INVALID_EMAIL: "email",
    Code.EMAIL_REQUIRED: "email",
    Code.EMAIL_TAKEN: "email",
    Code.CONVERSION_NEEDS_EMAIL: "email",
    Code.INVALID_EXTERNAL_ID: "external_id",
    Code.EXTERNAL_ID_REQUIRED: "external_id",
    Code.EXTERNAL_ID_NOT_ALLOWED: "external_id",
    Code.EXTERNAL_ID_TAKEN: "external_id",
    Code.CONVERSION_NEEDS_EXTERNAL_ID: "external_id",
    Code.REGISTRATION_DATE_OUT_OF_LIMITS: "registered_on",
    Code.LOYALTY_CANNOT_BE_LEFT: "type",
    Code.INVALID_TEST_CONTROL_STATUS: "test_control_status",
}
# Refusals because another customer has a value, with the kind of identifier.
TAKEN: Final[Mapping[CodeTable, str]] = {
    Code.MOBILE_TAKEN: "mobile",
    Code.EMAIL_TAKEN: "email",
    Code.EXTERNAL_ID_TAKEN: "external_id",
}


def not_updated(customer: Customer, policy: Policy) -> str:
    """The reason why the customer was not changed (docs/protocol.md 5, code 1024)."""
    sentence = sentence_of(Code.PROFILE_NOT_UPDATED)
    if is_leaving(customer, policy):
        return gettext("%(sentence)s The account is deleted or will be deleted: only its status can be changed.") % {
            "sentence": sentence
        }
    return format_html(
        "{} A colleague or a till changed the customer after you opened this page: see"
        ' <a class="bo-link" href="{}?tab=audit">what changed</a>, then <a class="bo-link" href="{}">edit again</a>.',
        sentence,
        page_of(customer),
        reverse("admin:customers_customer_edit", args=[customer.pk]),
    )


def with_owner(code: CodeTable, identifiers: Mapping[str, str], visible: QuerySet[Customer], *, by: Actor) -> str:
    """The sentence of a refusal because a customer has one of the identifiers already, with a link to the customer.

    A link to the reduced card if the customer is not among `visible`, unless the policy forbids it.
    """
    sentence = sentence_of(code)
    if not identifiers:
        return sentence
    same = reduce(or_, (Q(kind=kind, value=value) for kind, value in identifiers.items()))
    owners = Identifier.objects.filter(same, exclusive=True).values("customer_id")
    for customer in visible.filter(pk__in=owners)[:1]:
        return format_html(
            '{} <a class="bo-link" href="{}">{}</a>',
            sentence,
            page_of(customer),
            gettext("Open %(customer)s") % {"customer": customer},
        )
    others = owners_at_other_stores({kind: [value] for kind, value in identifiers.items()}, by=by)
    for other in others[:1]:
        return format_html(
            '{} {} <a class="bo-link" href="{}">{}</a>',
            sentence,
            gettext("The customer registered at another store:"),
            other.address,
            gettext("Open the reduced card"),
        )
    return sentence
