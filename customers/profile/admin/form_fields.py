"""Fields of the form of a customer, and their layout. They depend on the organization and on whether the customer is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from customers.profile.models import Customer
from customers.profile.text import NAME_LENGTH
from customers.sources.values import SOURCES
from organizations.audit.actors import Actor
from organizations.back_office.forms import LineField, WholeNumberField
from organizations.back_office.phone_numbers import MobileField
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization

CATEGORIES: Final = ("custom", "extended", "preference")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOptions:
    """Organization and user of the form, and what there is to choose from.

    `visible` are the customers that the user may see. `needs_store`: the customer must join at one of `stores`.
    `may_set_fraud`: the organization uses the fraud status, and the user may set it. `may_request`: the user may request
    changes of identifiers. `consents` are the messages that a new customer may agree to, if the user may record that.
    """

    organization: Organization
    actor: Actor
    fields: Sequence[FieldDefinition]
    stores: Sequence[Store]
    tills: Sequence[Till]
    series: Sequence[CardSeries]
    visible: QuerySet[Customer]
    needs_store: bool
    may_set_fraud: bool
    may_request: bool
    consents: Sequence[tuple[str, str]]


class _SeenVersion(WholeNumberField):
    """The version of the customer that the form showed. Hidden, and not typed."""

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002 - Django's signature
        return False


def fields_for(options: FormOptions, *, is_new: bool) -> dict[str, forms.Field]:
    """The fields of the form by name."""
    fields = {**_identity_fields(options.organization), **_profile_fields(options, is_new=is_new), **_card_fields(options)}
    return fields | {field_key(definition): _value_field(definition) for definition in options.fields}


def customer_fieldsets(options: FormOptions) -> list[tuple[str | None, dict[str, Any]]]:
    """The layout of the form of a known customer, in tabs that keep what is used most in sight."""
    own = {
        category: [field_key(definition) for definition in options.fields if definition.category == category]
        for category in CATEGORIES
    }
    sets: list[tuple[str | None, list[Any]]] = [
        (gettext("Profile"), [("firstname", "lastname"), "mobile", "email", "external_id", "version"]),
        (gettext("Membership"), ["type", "registered_on"]),
        (gettext("Fields"), [*own["custom"], *own["extended"]]),
        (gettext("Preferences"), own["preference"]),
        (gettext("Card"), ["series_code", "card_number"]),
        (gettext("More"), ["preferred_store", "associated_with", "ndnc_status", "test_control_status", "image_url"]),
        (gettext("Fraud"), ["fraud_status", "fraud_reason"] if options.may_set_fraud else []),
    ]
    return [(title, {"fields": fields, "classes": ["tab"]}) for title, fields in sets if fields]


def field_key(definition: FieldDefinition) -> str:
    """The name of a definition's form field."""
    return f"field_{definition.pk}"


def _identity_fields(organization: Organization) -> dict[str, forms.Field]:
    countries = organization.supported_countries
    hint = (
        gettext("Choose the country, or type + and the country code")
        if countries
        else gettext("No country is configured for mobile numbers")
    )
    return {
        "firstname": _text("First name", NAME_LENGTH),
        "lastname": _text("Last name", NAME_LENGTH),
        "mobile": MobileField(label=gettext("Mobile"), required=False, countries=countries, help_text=hint),
        "email": _text("E-mail", 254),
        "external_id": _text("External id", 250, "The retailer's own id of the customer"),
    }


def _profile_fields(options: FormOptions, *, is_new: bool) -> dict[str, forms.Field]:
    moment = gettext("YYYY-MM-DD or YYYY-MM-DD HH:MM:SS")
    stores = [(store.code, f"{store.name} ({store.code})") for store in options.stores]
    tills = [(till.code, f"{till.code} – {till.store.name}") for till in options.tills]
    fields: dict[str, forms.Field] = {
        "type": _choice("Type", _choices("type"), required=True, initial=Customer.Type.LOYALTY),
        "registered_on": _text(
            "Registered on", 30, gettext("%(moment)s. Leave blank for now.") % {"moment": moment} if is_new else moment
        ),
    }
    if is_new:
        first = options.stores[0].code if options.needs_store and len(options.stores) == 1 else None
        fields["store"] = _choice(
            "Store", stores, required=options.needs_store, initial=first, hint="Store where the customer registers"
        )
        fields["source"] = _choice("Source", [(source, source) for source in sorted(SOURCES)], hint="Leave blank for INSTORE")
    else:
        fields["preferred_store"] = _choice("Preferred store", stores)
        fields["associated_with"] = _choice("Associated till", tills)
        fields["ndnc_status"] = _choice("Do-not-call registry (NDNC)", _choices("ndnc_status"))
        fields["test_control_status"] = _choice("Test or control group", _choices("test_control_status"))
        fields["image_url"] = forms.URLField(
            label=gettext("Picture"),
            required=False,
            max_length=500,
            assume_scheme="https",
            widget=UnfoldAdminURLInputWidget,
            help_text=gettext("Web address of an image"),
        )
        fields["version"] = _SeenVersion(required=False, widget=forms.HiddenInput)
    if options.may_set_fraud and not is_new:
        fields["fraud_status"] = _choice("Fraud status", _choices("fraud_status"))
        fields["fraud_reason"] = _text("Reason", 250, "Reason for a changed status")
    return fields


def _card_fields(options: FormOptions) -> dict[str, forms.Field]:
    series = [(series.code, f"{series.name} ({series.code})") for series in options.series]
    return {
        "series_code": _choice("New card", series, hint="Issues the next number of the series"),
        "card_number": _text("Card number", 50, "Number of an existing card"),
    }


def _value_field(definition: FieldDefinition) -> forms.Field:
    kind = FieldDefinition.Type(definition.type)
    values = [(str(option), str(option)) for option in definition.options]
    hint = "mandatory" if definition.is_mandatory else ""
    if kind is FieldDefinition.Type.ENUM:
        return _choice(definition.name, values, hint=hint)
    if kind is FieldDefinition.Type.BOOLEAN:
        return _choice(definition.name, [("true", "yes"), ("false", "no")], hint=hint)
    if kind is FieldDefinition.Type.MULTI:
        return forms.MultipleChoiceField(
            label=definition.name,
            choices=values,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text=", ".join(filter(None, [hint, "choose any number"])),
        )
    field = _text(definition.name, 2000, hint)
    if kind is FieldDefinition.Type.DATE:
        field.widget = UnfoldAdminSingleDateWidget(attrs={"placeholder": "YYYY-MM-DD"})
    return field


def _choices(field: str) -> Sequence[tuple[Any, Any]]:
    """The values of a customer's field with their labels, which follow the language of the page."""
    described: Any = Customer._meta.get_field(field)
    return [(value, label) for value, label in described.flatchoices]


def _text(label: str, max_length: int, hint: str = "") -> forms.CharField:
    return LineField(label=label, required=False, max_length=max_length, help_text=hint, widget=UnfoldAdminTextInputWidget)


def _choice(
    label: str, choices: Sequence[tuple[Any, Any]], *, required: bool = False, initial: str | None = None, hint: str = ""
) -> forms.ChoiceField:
    blank = [] if required and initial else [("", "–")]
    return forms.ChoiceField(
        label=label,
        choices=[*blank, *choices],
        required=required,
        initial=initial,
        help_text=hint,
        widget=UnfoldAdminSelectWidget,
    )
