"""The form of a customer. It builds an item from the typed values and passes it to the use case of corrections.

The rules for items of tills apply to staff as well, with one difference: what a till gets as a warning is an error at its
field, and nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from django import forms
from django.db import Error
from django.utils.translation import gettext

from customers.identifiers.models import Identifier
from customers.identity_requests.rules import IdentityChange, auto_approval_policy, may_change
from customers.profile.admin.form_fields import FormOptions, field_key, fields_for
from customers.profile.admin.form_refusals import FIELD_OF, TAKEN, not_updated, with_owner
from customers.profile.admin.form_values import item_of, stored_values
from customers.profile.field_values import WrongTypeError, read_value
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import CustomerInput, read_customer_input
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item
from organizations.back_office.forms import ReadableTexts
from organizations.back_office.refusals import notice_sentence, refusal_of, sentence_of
from organizations.fields.models import FieldDefinition
from use_cases.corrections import (
    CONSTRAINTS,
    Correction,
    ValuesRefusedError,
    correct_customer,
    replaced_kinds,
)

_BY_REQUEST: Final = "A change is sent to a colleague for approval"


class CustomerForm(ReadableTexts, forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """The form of the customer `instance`. `customer_form` adds the fields. See `sign_up` for the form of a new one."""

    options: ClassVar[FormOptions]
    correction: Correction | None = None

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.update(stored_values(self.instance, self.options))
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
                self.add_error(name, gettext("A stored value can be replaced, but not removed."))
        self._check_field_values(cleaned)
        self._check_cards(cleaned)
        return cleaned

    def _check_field_values(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse missing mandatory values, and values of the wrong type."""
        for definition in self.options.fields:
            value = cleaned.get(field_key(definition))
            if not value and definition.is_mandatory and definition.category == FieldDefinition.Category.CUSTOM:
                self._add_error(field_key(definition), gettext("This field is mandatory."))
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
            self.add_error("card_number", gettext("The customer has this card already."))
        elif series and not number and cards.filter(series__code=series).exists():
            self.add_error("series_code", gettext("The customer has a card of this series already."))

    def _post_clean(self) -> None:
        """Correct in a savepoint of the page's transaction, in place of the model's own validation."""
        if self.errors or not self.changed_data:
            return
        try:
            self.correction = self._update()
        except ValuesRefusedError as refusal:
            for notice in refusal.notices:
                self._add_notice(notice)
        except (LoyaltyError, Error) as error:
            self._add_refusal(refusal_of(error, CONSTRAINTS), key=error.key if isinstance(error, LoyaltyError) else "")
        else:
            self.instance = self.correction.customer

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
        """The typed values as an item of customer/update: only those that differ from what the form showed."""
        return item_of(self.cleaned_data, names=self.changed_data, fields=self.options.fields)

    def _add_notice(self, notice: Notice) -> None:
        """Show a warning as an error at the field of its key."""
        keys = {definition.name: field_key(definition) for definition in self.options.fields}
        self._add_error(keys.get(notice.key, notice.key), notice_sentence(notice))

    def _add_error(self, field: str, sentence: str) -> None:
        self.add_error(field if field in self.fields else None, sentence)

    def _add_refusal(self, code: CodeTable, *, key: str = "") -> None:
        field = key or FIELD_OF.get(code)
        if code in TAKEN:
            typed = {kind: value for kind, value in self.typed_identifiers().items() if kind == TAKEN[code]}
            self.add_error(TAKEN[code], self.with_owner(code, typed))
        elif code == Code.PROFILE_NOT_UPDATED:
            self.add_error(None, not_updated(self.instance, self.options.organization.policy))
        else:
            self.add_error(field if field in self.fields else None, sentence_of(code))

    def typed_identifiers(self) -> dict[str, str]:
        """The typed identifiers as they are stored, by kind."""
        item = {**self.item(), "id": str(self.instance.pk)} if self.instance.pk else self.item()
        context = load_input_context([item], by=self.options.actor)
        return dict(read_customer_input(item, context, action="update" if self.instance.pk else "add").identifiers)

    def with_owner(self, code: CodeTable, identifiers: Mapping[str, str]) -> str:
        """The sentence of a refusal, with a link to the customer who has one of the identifiers."""
        return with_owner(code, identifiers, self.options.visible, by=self.options.actor)


def customer_form(options: FormOptions) -> type[CustomerForm]:
    """The form class of a known customer's page."""
    return type("CustomerForm", (CustomerForm,), {**fields_for(options, is_new=False), "options": options})
