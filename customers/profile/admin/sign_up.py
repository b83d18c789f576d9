"""The form of a new customer, made for a minute at the desk: what is asked first comes first, the rest is behind *More*.

All refusals are shown at once, each at its field. Nothing is stored while any value is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.db import Error
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from customers.identifiers.models import Identifier
from customers.profile.admin.form import CustomerForm
from customers.profile.admin.form_fields import CATEGORIES, FormOptions, field_key, fields_for
from customers.profile.admin.form_refusals import FIELD_OF
from customers.profile.admin.form_values import item_of
from customers.registration.context import InputContext, load_input_context
from customers.registration.input import CustomerInput, read_customer_input
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from organizations.back_office.refusals import refusal_of
from use_cases.corrections import CONSTRAINTS, ValuesRefusedError, add_customer
from use_cases.sign_up import consents_item, missing_addresses, try_sign_up

_NAMES = frozenset({"firstname", "lastname"})
_MISSING = {
    "mobile": gettext_noop("Messages by SMS need a mobile number: type it above, or untick them."),
    "email": gettext_noop("Messages by e-mail need an e-mail address: type it above, or untick them."),
}


class SignUpForm(CustomerForm):
    """The form of a new customer. `sign_up_form` adds the fields."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = [kind for kind in _MISSING if cleaned.get(kind) or kind in self.errors]
        for kind in missing_addresses(cleaned.get("consents") or (), given=given):
            self.add_error("consents", _MISSING[kind])
        return cleaned

    def _post_clean(self) -> None:
        """Sign up in a savepoint of the page's transaction, in place of the model's own validation.

        A refused value is left out, and the rest is tried without being stored: so the next refusal is found as well.
        """
        self._add_refusals_of_reading()
        tries = len(self.fields)
        while self.correction is None and tries and self._finds_more():
            tries -= 1

    def _add_refusals_of_reading(self) -> None:
        """Show every value that the registration cannot read, with or without an identifier."""
        context = load_input_context([], by=self.options.actor)
        for _ in self.fields:
            try:
                # An id stands for identifiers that may be refused: the other values are read all the same.
                notices = read_customer_input({**self.item(), "id": "1"}, context, action="update").notices
            except LoyaltyError as error:
                if not self._shows_new(error.code, key=error.key):
                    return
            else:
                self._show_notices(notices)
                return

    def _finds_more(self) -> bool:
        """Sign up, or only try to if something is refused already. True if a new refusal was shown at its field."""
        try:
            self._register()
        except ValuesRefusedError as refusal:
            return self._show_notices(refusal.notices)
        except (LoyaltyError, Error) as error:
            code = refusal_of(error, CONSTRAINTS)
            return self._shows_new(code, key=error.key if isinstance(error, LoyaltyError) else "")
        return False

    def _shows_new(self, code: CodeTable, *, key: str) -> bool:
        """Show a refusal; True if its field had none. Without the refused value the rest is tried again."""
        field = key or FIELD_OF.get(code, "")
        if code == Code.ALREADY_REGISTERED:
            self.add_error(None, self.with_owner(code, self.typed_identifiers()))
        elif code == Code.NO_IDENTIFIER and any(kind in self.errors for kind in Identifier.Kind.values):
            return False
        elif self._is_news_of(field):
            self._add_refusal(code, key=key)
            return field in self.errors
        return False

    def _show_notices(self, notices: Iterable[Notice]) -> bool:
        """Show the notices at their fields; True if any of them had none."""
        keys = {definition.name: field_key(definition) for definition in self.options.fields}
        new = [notice for notice in notices if self._is_news_of(keys.get(notice.key, notice.key))]
        for notice in new:
            self._add_notice(notice)
        return any(keys.get(notice.key, notice.key) in self.fields for notice in new)

    def _add_notice(self, notice: Notice) -> None:
        """Show a warning at its field; of a name, what a name may have."""
        if notice.code == Code.VALIDATION_FAILED and notice.key in _NAMES:
            self.add_error(notice.key, gettext("A name has letters, spaces, hyphens, apostrophes and dots."))
        else:
            super()._add_notice(notice)

    def _is_news_of(self, field: str) -> bool:
        """True if a refusal adds to what is shown. What no field explains may follow from what is refused already."""
        return field not in self.errors if field in self.fields else not self.errors

    def _register(self) -> None:
        item = self.item()
        store = next((store for store in self.options.stores if store.code == self.cleaned_data.get("store")), None)
        actor = replace(self.options.actor, store=store)
        context = load_input_context([item], by=actor)
        # A known customer is not changed by signing up: staff open the customer's page first.
        context = replace(context, policy=replace(context.policy, reject_existing_on_add=True))
        customer_input = read_customer_input(item, context, action="add")
        if self.errors:
            try_sign_up(customer_input, context=context, by=actor)
        else:
            self._sign_up(customer_input, context=context, by=actor)

    def _sign_up(self, customer_input: CustomerInput, *, context: InputContext, by: Actor) -> None:
        self.correction = add_customer(customer_input, context=context, by=by)
        self.instance = self.correction.customer

    def item(self) -> Item:
        """The typed values that are not refused, as an item of customer/add."""
        typed = {name: value for name, value in self.cleaned_data.items() if name not in self.errors}
        item = item_of(typed, names=list(typed), fields=self.options.fields)
        agreed = typed.get("consents")
        return {**item, "subscriptions": consents_item(agreed)} if agreed else item


def sign_up_form(options: FormOptions) -> type[SignUpForm]:
    """The form class of one page."""
    fields = fields_for(options, is_new=True)
    if options.organization.policy.generates_external_ids:
        # The registration gives the next id, and would ignore a typed one.
        del fields["external_id"]
    if options.consents:
        fields["consents"] = forms.MultipleChoiceField(
            label=gettext("The customer agrees to"),
            choices=[(value, gettext(label)) for value, label in options.consents],
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text=gettext("Tick only what the customer said yes to. What is not ticked counts as not answered."),
        )
    number: Any = fields["mobile"].widget
    number.widgets[-1].attrs |= {"autofocus": True, "inputmode": "tel", "autocomplete": "off"}
    fields["email"].widget.attrs |= {"inputmode": "email", "autocomplete": "off", "autocapitalize": "none"}
    return type("SignUpForm", (SignUpForm,), {**fields, "options": options})


def sign_up_fieldsets(options: FormOptions) -> list[tuple[str | None, dict[str, Any]]]:
    """The layout of `sign_up_form`: what is asked of everybody, what this organization cannot do without, and the rest."""
    policy = options.organization.policy
    own = [definition for category in CATEGORIES for definition in options.fields if definition.category == category]
    needed = [field_key(definition) for definition in own if definition.is_mandatory]
    names = {name for name in ("external_id",) if not policy.generates_external_ids}
    needs_external_id = policy.external_id_required or policy.primary == "external_id"
    first = ["mobile", "firstname", "lastname", "email"]
    if needs_external_id:
        first += names
    if _asks_for_store(options.stores, needs_store=options.needs_store):
        first.append("store")
    shown = {*first, *needed}
    more = [*sorted(names), "type", "store", "source", "registered_on", *map(field_key, own)]
    sets: list[tuple[str | None, list[Any], list[str]]] = [
        (gettext("Customer"), [*first, *needed], []),
        (gettext("Consent"), ["consents"] if options.consents else [], []),
        (gettext("Card"), ["card_number", "series_code"] if options.series else ["card_number"], []),
        (gettext("More"), [name for name in more if name not in shown], ["collapse"]),
    ]
    return [(title, {"fields": fields, "classes": classes}) for title, fields, classes in sets if fields]


def _asks_for_store(stores: Sequence[object], *, needs_store: bool) -> bool:
    """True if the user has to choose among several stores."""
    return needs_store and len(stores) > 1
