"""The form of a customer. It builds an item from the typed values and passes it to the use case of corrections.

The rules for items of tills apply to staff as well, with one difference: what a till gets as a warning is an error at its
field, and nothing is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Final

from django import forms
from django.db import Error
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
from customers.identity_requests.rules import IdentityChange, auto_approval_policy, may_change
from customers.profile.field_values import WrongTypeError, read_value
from customers.profile.models import Customer
from customers.profile.text import NAME_LENGTH
from customers.registration.context import load_input_context
from customers.registration.input import CustomerInput, read_customer_input
from customers.sources.values import SOURCES
from customers.statuses.rules import is_leaving
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from organizations.back_office.forms import LineField, ReadableTexts
from organizations.back_office.pages import page_of
from organizations.back_office.phone_numbers import MobileField
from organizations.back_office.refusals import notice_sentence, refusal_of, sentence_of
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from use_cases.corrections import (
    CONSTRAINTS,
    Correction,
    ValuesRefusedError,
    add_customer,
    correct_customer,
    replaced_kinds,
)

_BY_REQUEST: Final = "A change is sent to a colleague for approval"
CATEGORIES: Final = ("custom", "extended", "preference")
# Keys of an item that are plain text.
_PLAIN: Final = (
    "mobile", "email", "external_id", "firstname", "lastname", "type", "source", "registered_on",
    "preferred_store", "associated_with", "test_control_status", "ndnc_status",
)  # fmt: skip
# The field at which a refusal is shown; other refusals are shown above the form.
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
class FormOptions:
    """Organization and user of the form, and what there is to choose from.

    `visible` are the customers that the user may see. `needs_store`: the customer must join at one of `stores`.
    `may_set_fraud`: the organization uses the fraud status, and the user may set it. `may_request`: the user may request
    changes of identifiers.
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


class _SeenVersion(forms.IntegerField):
    """The version of the customer that the form showed. Hidden, and not typed."""

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002 - Django's signature
        return False


class CustomerForm(ReadableTexts, forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """The form of a new customer, or of `instance`. `customer_form` adds the fields."""

    options: ClassVar[FormOptions]
    correction: Correction | None = None

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.update(_stored(self.instance, self.options))
            self._announce_requests()

    def _announce_requests(self) -> None:
        """Note at each identifier whose change a colleague has to approve that it is sent for approval."""
        policy = self.options.organization.policy
        for kind in Identifier.Kind if self._is_by_request() else ():
            if self.initial.get(kind) and may_change(kind, policy) and not auto_approval_policy(kind, policy):
                field = self.fields[kind]
                field.help_text = f"{field.help_text}. {_BY_REQUEST}" if field.help_text else _BY_REQUEST

    def _is_by_request(self) -> bool:
        """True if identifiers of this customer are replaced by request: those of loyalty customers (docs/protocol.md 4.3)."""
        return Customer.Type.LOYALTY in {self.instance.type, getattr(self, "cleaned_data", {}).get("type")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk and cleaned.get("version") != self.instance.version:
            self._add_refusal(Code.PROFILE_NOT_UPDATED)
            return cleaned
        for name in self.changed_data if self.instance.pk else ():
            if name in cleaned and not cleaned[name]:
                self.add_error(name, "A stored value can be replaced, but not removed.")
        self._check_field_values(cleaned)
        self._check_cards(cleaned)
        return cleaned

    def _check_field_values(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse missing mandatory values, and values of the wrong type."""
        for definition in self.options.fields:
            value = cleaned.get(field_key(definition))
            if not value and definition.is_mandatory and definition.category == FieldDefinition.Category.CUSTOM:
                self._add_error(field_key(definition), "This field is mandatory.")
            if not isinstance(value, str) or not value:
                continue
            try:
                read_value(value, definition)
            except ValueError as error:
                code = Code.CUSTOM_FIELD_NOT_SAVED if isinstance(error, WrongTypeError) else Code.INVALID_CUSTOM_FIELD
                self.add_error(field_key(definition), sentence_of(code))

    def _check_cards(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse a card that the customer has already: a till gets no answer about it, and no card."""
        if not self.instance.pk:
            return
        cards, number, series = self.instance.cards, cleaned.get("card_number"), cleaned.get("series_code")
        if number and cards.filter(number=number).exists():
            self.add_error("card_number", "The customer has this card already.")
        elif series and not number and cards.filter(series__code=series).exists():
            self.add_error("series_code", "The customer has a card of this series already.")

    def _post_clean(self) -> None:
        """Add or correct in a savepoint of the page's transaction, in place of the model's own validation."""
        if self.errors or (self.instance.pk and not self.changed_data):
            return
        try:
            self.correction = self._update() if self.instance.pk else self._register()
        except ValuesRefusedError as refusal:
            for notice in refusal.notices:
                self._add_notice(notice)
        except (LoyaltyError, Error) as error:
            self._add_refusal(refusal_of(error, CONSTRAINTS), key=error.key if isinstance(error, LoyaltyError) else "")
        else:
            self.instance = self.correction.customer

    def _register(self) -> Correction:
        item = self.item()
        store = next((store for store in self.options.stores if store.code == self.cleaned_data.get("store")), None)
        actor = replace(self.options.actor, store=store)
        context = load_input_context([item], by=actor)
        # A known customer is not changed by adding: staff open the customer's page first.
        context = replace(context, policy=replace(context.policy, reject_existing_on_add=True))
        return add_customer(read_customer_input(item, context, action="add"), context=context, by=actor)

    def _update(self) -> Correction:
        item = {**self.item(), "id": str(self.instance.pk)}
        context = load_input_context([item], by=self.options.actor)
        # Another customer's identifier is refused: staff merge on a page that shows what moves.
        context = replace(context, policy=replace(context.policy, auto_merge=False))
        customer_input = read_customer_input(item, context, action="update")
        customer_input.seen_version = self.cleaned_data["version"]
        if "image_url" in self.changed_data:
            customer_input.customer.image_url = self.cleaned_data["image_url"]
        changes = self._requested_changes(customer_input)
        is_only_request = all(name in {change.kind.value for change in changes} for name in self.changed_data)
        return correct_customer(
            self.instance,
            None if is_only_request else customer_input,
            changes=changes,
            context=context,
            by=self.options.actor,
        )

    def _requested_changes(self, customer_input: CustomerInput) -> list[IdentityChange]:
        """The changes of identifiers that are requested. They are taken out of the input."""
        if not self._is_by_request():
            return []
        stored = {kind.value: self.initial[kind] for kind in Identifier.Kind if self.initial.get(kind)}
        replaced = replaced_kinds(customer_input, stored)
        if replaced and not self.options.may_request:
            raise LoyaltyError(Code.NOT_PERMITTED, key=next(iter(replaced)))
        for kind in replaced:
            del customer_input.identifiers[kind]
        return [IdentityChange(kind=kind, old_value=stored[kind], new_value=new) for kind, new in replaced.items()]

    def item(self) -> Item:
        """The typed values as an item of customer/add or update: only those that differ from what the form showed."""
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
                {"name": definition.name, "value": typed[field_key(definition)]}
                for definition in self.options.fields
                if definition.category == category and field_key(definition) in typed
            ]
            if rows:
                item[f"{category}_fields"] = {"field": rows}
        return item

    def _add_notice(self, notice: Notice) -> None:
        """Show a warning as an error at the field of its key."""
        keys = {definition.name: field_key(definition) for definition in self.options.fields}
        self._add_error(keys.get(notice.key, notice.key), notice_sentence(notice))

    def _add_error(self, field: str, sentence: str) -> None:
        self.add_error(field if field in self.fields else None, sentence)

    def _add_refusal(self, code: CodeTable, *, key: str = "") -> None:
        field = key or _FIELD_OF.get(code)
        if code == Code.ALREADY_REGISTERED:
            self.add_error(None, self._already_registered())
        elif code == Code.PROFILE_NOT_UPDATED:
            self.add_error(None, self._not_updated())
        else:
            self.add_error(field if field in self.fields else None, sentence_of(code))

    def _not_updated(self) -> str:
        """Why the customer was not changed (docs/protocol.md 5, code 1024)."""
        sentence = sentence_of(Code.PROFILE_NOT_UPDATED)
        if is_leaving(self.instance, self.options.organization.policy):
            return f"{sentence} The account is deleted or will be deleted: only its status can be changed."
        return format_html(
            "{} A colleague or a till changed the customer after you opened this page; the history below shows what."
            ' <a class="bo-link" href="{}">Open the page again</a> and repeat your change.',
            sentence,
            page_of(self.instance),
        )

    def _already_registered(self) -> str:
        """That the customer is already registered, with a link if the user may see the customer."""
        sentence = sentence_of(Code.ALREADY_REGISTERED)
        context = load_input_context([], by=self.options.actor)
        customer_input = read_customer_input(self.item(), context, action="add")
        same = reduce(or_, (Q(kind=kind, value=value) for kind, value in customer_input.identifiers.items()))
        owners = Identifier.objects.filter(same, exclusive=True).values("customer_id")
        for customer in self.options.visible.filter(pk__in=owners)[:1]:
            url = page_of(customer)
            return format_html('{} <a class="bo-link" href="{}">Open {}</a>', sentence, url, customer)
        return sentence


def customer_form(options: FormOptions, *, is_new: bool) -> type[CustomerForm]:
    """The form class of one page: its fields depend on the organization and on whether the customer is new."""
    fields = {**_identity_fields(options.organization), **_profile_fields(options, is_new=is_new), **_card_fields(options)}
    fields |= {field_key(definition): _value_field(definition) for definition in options.fields}
    return type("CustomerForm", (CustomerForm,), {**fields, "options": options})


def customer_fieldsets(options: FormOptions, *, is_new: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The layout of the fields of `customer_form`."""
    own = {
        category: [field_key(definition) for definition in options.fields if definition.category == category]
        for category in CATEGORIES
    }
    who: list[Any] = [("firstname", "lastname"), "mobile", "email", "external_id"]
    more = ["preferred_store", "associated_with", "ndnc_status", "test_control_status", "image_url"]
    registration = ["type", *(["store", "source"] if is_new else []), "registered_on"]
    sets: list[tuple[str | None, list[Any]]] = [
        ("Profile", who if is_new else [*who, "version"]),
        ("Membership", registration),
        ("Fields", [*own["custom"], *own["extended"]]),
        ("Preferences", own["preference"]),
        ("Card", ["series_code", "card_number"] if options.series or not is_new else ["card_number"]),
        ("More", [] if is_new else more),
        ("Fraud", ["fraud_status", "fraud_reason"] if options.may_set_fraud and not is_new else []),
    ]
    # Tabs on the page of a known customer keep what is used most in sight.
    classes = [] if is_new else ["tab"]
    return [(title, {"fields": fields, "classes": classes}) for title, fields in sets if fields]


def field_key(definition: FieldDefinition) -> str:
    """The name of a definition's form field."""
    return f"field_{definition.pk}"


def _identity_fields(organization: Organization) -> dict[str, forms.Field]:
    countries = organization.supported_countries
    hint = "Choose the country, or type + and the country code" if countries else "No country is configured for mobile numbers"
    return {
        "firstname": _text("First name", NAME_LENGTH),
        "lastname": _text("Last name", NAME_LENGTH),
        "mobile": MobileField(label="Mobile", required=False, countries=countries, help_text=hint),
        "email": _text("E-mail", 254),
        "external_id": _text("External id", 250, "The retailer's own id of the customer"),
    }


def _profile_fields(options: FormOptions, *, is_new: bool) -> dict[str, forms.Field]:
    moment = "YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"
    stores = [(store.code, f"{store.name} ({store.code})") for store in options.stores]
    tills = [(till.code, f"{till.code} – {till.store.name}") for till in options.tills]
    fields: dict[str, forms.Field] = {
        "type": _choice("Type", Customer.Type.choices, required=True, initial=Customer.Type.LOYALTY),
        "registered_on": _text("Registered on", 30, f"{moment}. Leave blank for now." if is_new else moment),
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
        fields["ndnc_status"] = _choice("Do-not-call registry (NDNC)", Customer.NdncStatus.choices)
        fields["test_control_status"] = _choice("Test or control group", Customer.TestControl.choices)
        fields["image_url"] = forms.URLField(
            label="Picture",
            required=False,
            max_length=500,
            assume_scheme="https",
            widget=UnfoldAdminURLInputWidget,
            help_text="Web address of an image",
        )
        fields["version"] = _SeenVersion(required=False, widget=forms.HiddenInput)
    if options.may_set_fraud and not is_new:
        fields["fraud_status"] = _choice("Fraud status", Customer.FraudStatus.choices)
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


def _stored(customer: Customer, options: FormOptions) -> dict[str, Any]:
    """The stored values, as the form shows them."""
    current = [identifier for identifier in customer.identifiers.all() if identifier.state == Identifier.State.CURRENT]
    return {
        **{identifier.kind: identifier.value for identifier in current},
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "type": customer.type,
        "registered_on": write_moment(customer.registered_on, options.organization.zone),
        "preferred_store": customer.preferred_store.code if customer.preferred_store else "",
        "associated_with": customer.associated_till.code if customer.associated_till else "",
        "ndnc_status": customer.ndnc_status,
        "test_control_status": customer.test_control_status,
        "image_url": customer.image_url,
        "version": customer.version,
        "fraud_status": customer.fraud_status,
        "fraud_reason": customer.fraud_reason,
        **{field_key(definition): customer.value_of(definition.pk) for definition in options.fields},
    }
