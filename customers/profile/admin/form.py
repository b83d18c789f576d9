"""How is a customer typed in? A form that makes an item of what was typed and sends it the way that the tills' items go.

So every rule of registering and updating holds at the desk as it holds at the till, and nothing is written past them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Final

from django import forms
from django.db import Error, transaction
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from customers.identifiers.models import Identifier
from customers.profile.field_values import WrongTypeError, read_value
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.sources.values import SOURCES
from customers.statuses.rules import is_leaving
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from organizations.back_office.pages import page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from use_cases.registration import CONSTRAINTS, Registration, register_customer, update_customer

CATEGORIES: Final = ("custom", "extended", "preference")
# Keys of an item that are plain text.
_PLAIN: Final = (
    "mobile", "email", "external_id", "firstname", "lastname", "type", "source", "registered_on",
    "preferred_store", "associated_with", "test_control_status", "ndnc_status",
)  # fmt: skip
# Where the refusal of a journey is told; the others above the form.
_FIELD_OF: Final[Mapping[CodeTable, str]] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the form is filled in: for which organization, by whom, and what there is to choose from.

    `visible` are the customers that whoever fills it in may see. `needs_store`: the customer must join at one of `stores`.
    `judges_fraud`: the fraud status decides about customers, and they may set it.
    """

    organization: Organization
    actor: Actor
    fields: Sequence[FieldDefinition]
    stores: Sequence[Store]
    tills: Sequence[Till]
    series: Sequence[CardSeries]
    visible: QuerySet[Customer]
    needs_store: bool
    judges_fraud: bool


class _SeenVersion(forms.IntegerField):
    """The version of the customer that the form showed; nothing that anybody types."""

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002 - Django's signature
        return False


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """The form of one customer: a new one, or the one of `instance`. Its fields are made by `customer_form`."""

    desk: ClassVar[Desk]
    registration: Registration | None = None

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.update(_stored(self.instance, self.desk))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk and cleaned.get("version") != self.instance.version:
            self._tell(Code.PROFILE_NOT_UPDATED)
            return cleaned
        for name in self.changed_data if self.instance.pk else ():
            if name in cleaned and not cleaned[name]:
                self.add_error(name, "A stored value can be replaced, but not emptied.")
        self._check_field_values(cleaned)
        return cleaned

    def _check_field_values(self, cleaned: Mapping[str, Any]) -> None:
        """At the till a value of the wrong kind is left out with a warning; at the desk somebody can correct it."""
        for definition in self.desk.fields:
            value = cleaned.get(field_key(definition))
            if not isinstance(value, str) or not value:
                continue
            try:
                read_value(value, definition)
            except ValueError as error:
                code = Code.CUSTOM_FIELD_NOT_SAVED if isinstance(error, WrongTypeError) else Code.INVALID_CUSTOM_FIELD
                self.add_error(field_key(definition), sentence_of(code))

    def _post_clean(self) -> None:
        """In place of the model's own validation: the journey judges, and works, in a savepoint of the page's transaction."""
        if self.errors or (self.instance.pk and not self.changed_data):
            return
        try:
            with transaction.atomic():
                self.registration = self._update() if self.instance.pk else self._register()
        except (LoyaltyError, Error) as error:
            self._tell(refusal_of(error, CONSTRAINTS))
        else:
            self.instance = self.registration.customer

    def _register(self) -> Registration:
        item = self.item()
        store = next((one for one in self.desk.stores if one.code == self.cleaned_data.get("store")), None)
        actor = replace(self.desk.actor, store=store)
        context = load_input_context([item], by=actor)
        # Whoever is known already is opened and changed, not added: what they are is to be seen first.
        context = replace(context, policy=replace(context.policy, reject_existing_on_add=True))
        return register_customer(read_customer_input(item, context, action="add"), context=context, by=actor)

    def _update(self) -> Registration:
        item = {**self.item(), "id": str(self.instance.pk)}
        context = load_input_context([item], by=self.desk.actor)
        # Whoever types somebody else's number is told so: staff merge on a page of its own, which shows what moves.
        context = replace(context, policy=replace(context.policy, auto_merge=False))
        customer_input = read_customer_input(item, context, action="update")
        customer_input.seen_version = self.cleaned_data["version"]
        if "image_url" in self.changed_data:
            customer_input.customer.image_url = self.cleaned_data["image_url"]
        return update_customer(customer_input, context=context, by=self.desk.actor)

    def item(self) -> Item:
        """What was typed, as an item of customer/add or update: only what differs from what the form showed."""
        typed = {name: self.cleaned_data[name] for name in self.changed_data if self.cleaned_data.get(name)}
        if not self.instance.pk:
            typed = {name: value for name, value in self.cleaned_data.items() if value}
        item: Item = {name: typed[name] for name in _PLAIN if name in typed}
        if "fraud_status" in typed or "fraud_reason" in typed:
            item["fraud_status"] = {
                "status": self.cleaned_data["fraud_status"],
                "reason": self.cleaned_data["fraud_reason"],
            }
        card = {"card_number": typed.get("card_number"), "series_code": typed.get("series_code")}
        if any(card.values()):
            item["card_details"] = card
        for category in CATEGORIES:
            rows = [
                {"name": one.name, "value": typed[field_key(one)]}
                for one in self.desk.fields
                if one.category == category and field_key(one) in typed
            ]
            if rows:
                item[f"{category}_fields"] = {"field": rows}
        return item

    def _tell(self, code: CodeTable) -> None:
        field = _FIELD_OF.get(code)
        if code == Code.ALREADY_REGISTERED:
            self.add_error(None, self._known())
        elif code == Code.PROFILE_NOT_UPDATED:
            self.add_error(None, self._not_updated())
        else:
            self.add_error(field if field in self.fields else None, sentence_of(code))

    def _not_updated(self) -> str:
        """Why a known customer stays as they are (docs/protocol.md 5, code 1024)."""
        sentence = sentence_of(Code.PROFILE_NOT_UPDATED)
        if is_leaving(self.instance, self.desk.organization.policy):
            return f"{sentence} The account is deleted, or about to be: only its status can be changed."
        return format_html(
            "{} Somebody else changed this customer after you opened the page, so nothing was saved; the history below says"
            ' what. <a class="text-link" href="{}">Open the page again</a> and repeat what you want to change.',
            sentence,
            page_of(self.instance),
        )

    def _known(self) -> str:
        """That the customer is there already, with the way to the page, if it may be seen."""
        sentence = sentence_of(Code.ALREADY_REGISTERED)
        context = load_input_context([], by=self.desk.actor)
        customer_input = read_customer_input(self.item(), context, action="add")
        same = reduce(or_, (Q(kind=kind, value=value) for kind, value in customer_input.identifiers.items()))
        twins = Identifier.objects.filter(same, exclusive=True).values("customer_id")
        for customer in self.desk.visible.filter(pk__in=twins)[:1]:
            url = page_of(customer)
            return format_html('{} <a class="text-link" href="{}">Open {}</a>', sentence, url, customer)
        return sentence


def customer_form(desk: Desk, *, is_new: bool) -> type[CustomerForm]:
    """The form class for one page: what is asked depends on the organization's fields and on whether the customer is new."""
    fields = {**_identity_fields(), **_profile_fields(desk, is_new=is_new), **_card_fields(desk)}
    fields |= {field_key(one): _value_field(one) for one in desk.fields}
    return type("CustomerForm", (CustomerForm,), {**fields, "desk": desk})


def customer_fieldsets(desk: Desk, *, is_new: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """How the fields of `customer_form` are laid out."""
    own = {category: [field_key(one) for one in desk.fields if one.category == category] for category in CATEGORIES}
    who: list[Any] = [("firstname", "lastname"), "mobile", "email", "external_id"]
    more = ["preferred_store", "associated_with", "ndnc_status", "test_control_status", "image_url"]
    registration = ["type", *(["store", "source"] if is_new else []), "registered_on"]
    sets: list[tuple[str | None, list[Any]]] = [
        ("Who", who if is_new else [*who, "version"]),
        ("Membership", registration),
        ("Fields", [*own["custom"], *own["extended"]]),
        ("Preferences", own["preference"]),
        ("Card", ["series_code", "card_number"] if desk.series or not is_new else ["card_number"]),
        ("More", [] if is_new else more),
        ("Fraud", ["fraud_status", "fraud_reason"] if desk.judges_fraud and not is_new else []),
    ]
    # One tab each on the page of a known customer, so that what is looked at most stays in sight.
    classes = [] if is_new else ["tab"]
    return [(title, {"fields": fields, "classes": classes}) for title, fields in sets if fields]


def field_key(definition: FieldDefinition) -> str:
    """The name of a definition's form field."""
    return f"field_{definition.pk}"


def _identity_fields() -> dict[str, forms.Field]:
    return {
        "firstname": _text("First name", 200),
        "lastname": _text("Last name", 200),
        "mobile": _text("Mobile", 30, "With or without country code"),
        "email": _text("E-mail", 254),
        "external_id": _text("External id", 250, "The retailer's own number of the customer"),
    }


def _profile_fields(desk: Desk, *, is_new: bool) -> dict[str, forms.Field]:
    moment = "YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS"
    stores = [(one.code, f"{one.name} ({one.code})") for one in desk.stores]
    tills = [(one.code, f"{one.code} – {one.store.name}") for one in desk.tills]
    fields: dict[str, forms.Field] = {
        "type": _choice("Type", Customer.Type.choices, required=True, initial=Customer.Type.LOYALTY),
        "registered_on": _text("Registered on", 30, f"{moment}; blank: now" if is_new else moment),
    }
    if is_new:
        first = desk.stores[0].code if desk.needs_store and len(desk.stores) == 1 else None
        fields["store"] = _choice(
            "Store", stores, required=desk.needs_store, initial=first, hint="Where the customer registers"
        )
        fields["source"] = _choice("Source", [(one, one) for one in sorted(SOURCES)], hint="Blank: INSTORE")
    else:
        fields["preferred_store"] = _choice("Preferred store", stores)
        fields["associated_with"] = _choice("Associated till", tills)
        fields["ndnc_status"] = _choice("NDNC status", Customer.NdncStatus.choices)
        fields["test_control_status"] = _choice("Test or control", Customer.TestControl.choices)
        fields["image_url"] = forms.URLField(
            label="Picture",
            required=False,
            max_length=500,
            assume_scheme="https",
            widget=UnfoldAdminURLInputWidget,
            help_text="The address of an image",
        )
        fields["version"] = _SeenVersion(required=False, widget=forms.HiddenInput)
    if desk.judges_fraud and not is_new:
        fields["fraud_status"] = _choice("Fraud status", Customer.FraudStatus.choices)
        fields["fraud_reason"] = _text("Reason", 250, "Told with a changed status")
    return fields


def _card_fields(desk: Desk) -> dict[str, forms.Field]:
    series = [(one.code, f"{one.name} ({one.code})") for one in desk.series]
    return {
        "series_code": _choice("New card of", series, hint="Issues the next number of the series"),
        "card_number": _text("Card number", 50, "A card that lies ready"),
    }


def _value_field(definition: FieldDefinition) -> forms.Field:
    kind = FieldDefinition.Type(definition.type)
    options = [(str(one), str(one)) for one in definition.options]
    hint = "mandatory" if definition.is_mandatory else ""
    if kind is FieldDefinition.Type.ENUM:
        return _choice(definition.name, options, hint=hint)
    if kind is FieldDefinition.Type.BOOLEAN:
        return _choice(definition.name, [("true", "yes"), ("false", "no")], hint=hint)
    if kind is FieldDefinition.Type.MULTI:
        return forms.MultipleChoiceField(
            label=definition.name,
            choices=options,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text=", ".join(filter(None, [hint, "several may be chosen"])),
        )
    field = _text(definition.name, 2000, hint)
    if kind is FieldDefinition.Type.DATE:
        field.widget = UnfoldAdminSingleDateWidget(attrs={"placeholder": "YYYY-MM-DD"})
    return field


def _text(label: str, max_length: int, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=max_length, help_text=hint, widget=UnfoldAdminTextInputWidget
    )


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


def _stored(customer: Customer, desk: Desk) -> dict[str, Any]:
    """What is stored, as the form shows it."""
    identifiers = {one.kind: one.value for one in customer.identifiers.all() if one.state == Identifier.State.CURRENT}
    return {
        **identifiers,
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "type": customer.type,
        "registered_on": write_moment(customer.registered_on, desk.organization.zone),
        "preferred_store": customer.preferred_store.code if customer.preferred_store else "",
        "associated_with": customer.associated_till.code if customer.associated_till else "",
        "ndnc_status": customer.ndnc_status,
        "test_control_status": customer.test_control_status,
        "image_url": customer.image_url,
        "version": customer.version,
        "fraud_status": customer.fraud_status,
        "fraud_reason": customer.fraud_reason,
        **{field_key(one): customer.value_of(one.pk) for one in desk.fields},
    }
