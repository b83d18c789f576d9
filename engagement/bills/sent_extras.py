"""What a bill carries besides lines and amounts: payments, credit notes, fields, source, redemptions (tills' part 2.1)."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, TypeVar

from customers.profile.field_values import NotAnOptionError, WrongTypeError, read_value
from customers.profile.text import fold, fold_given
from customers.sources.values import IN_STORE, read_source
from engagement.bills.codes import BillCode
from engagement.bills.draft import LineDraft
from engagement.bills.reader import LONG, SHORT, BillContext, Reader
from engagement.numbers.money import read_money
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.numbers import plain_digits, read_plain
from loyalty_project.protocol.values import MOST_ROWS, Item, as_list, child, rows, text

Sent = TypeVar("Sent")


def read_bill_source(item: Item, context: BillContext, notices: list[Notice]) -> str:
    """The source as sent, in store without one; warning 91003 for one that the organization does not take."""
    given = text(item, "source")
    source = read_source(given) if given else IN_STORE
    if source is None or (source != IN_STORE and not context.configuration.policy.other_sources):
        notices.append(Notice(Code.VALIDATION_FAILED, key="source"))
        return IN_STORE
    return IN_STORE if source == IN_STORE else given


def read_currency(item: Item, reader: Reader) -> str:
    """The organization's currency; any other is refused (682)."""
    given = text(item, "currency_code").upper()
    if given not in {"", reader.context.currency}:
        reader.unread.add(BillCode.CURRENCY_NOT_ACCEPTED)
    return reader.context.currency


def read_field_values(item: Item, context: BillContext, notices: list[Notice]) -> dict[str, Any]:
    """Values of the organization's fields of bills by field id; warning 9604 for each that is not kept or is missing."""
    by_name = {fold(definition.name): definition for definition in context.fields}
    values: dict[str, Any] = {}
    given: set[str | None] = set()
    for name, sent in _sent_fields(item):
        folded = fold_given(name)
        given.add(folded)
        definition = by_name.get(folded or "")
        try:
            if definition is None:
                raise NotAnOptionError
            values[str(definition.pk)] = read_value(sent, definition)
        except (NotAnOptionError, WrongTypeError):
            notices.append(Notice(BillCode.FIELD_NOT_SAVED, key=name))
    absent = [field for folded, field in by_name.items() if field.is_mandatory and folded not in given]
    notices += [Notice(BillCode.FIELD_NOT_SAVED, key=field.name) for field in absent]
    return values


def _sent_fields(item: Item) -> list[tuple[str, str]]:
    """Names and values of fields, in all spellings, without blank values."""
    named = [(row, "name", "value") for key in ("custom_fields", "extended_fields") for row in rows(item, key, "field")]
    named += [(row, "field_name", "field_value") for row in rows(item, "custom_fields_data", "custom_data_item")]
    return [(text(row, name), sent) for row, name, value in named if (sent := text(row, value))]


def read_details(item: Item, lines: Sequence[LineDraft], reader: Reader, notices: list[Notice]) -> dict[str, Any]:
    """What is kept of the bill as it was sent: payments, credit notes, cashier, its id at the client, and the like."""
    cashier = child(item, "associate_details")
    shipped_from = _shipping_till(item, reader.context, notices)
    details: dict[str, Any] = {
        "bill_client_id": reader.words(item, "bill_client_id", most=SHORT),
        "not_interested_reason": reader.words(item, "not_interested_reason", most=LONG),
        "shipping_source_till_code": shipped_from,
        "payments": _payments(item, notices),
        "credit_notes": _credit_notes(item, reader, notices),
        "associate": {key: sent for key in ("code", "name") if (sent := reader.words(cashier, key, most=LONG))},
        "has_outlier_lines": any("outlier_status" in line.details for line in lines),
    }
    return {key: value for key, value in details.items() if value}


def _shipping_till(item: Item, context: BillContext, notices: list[Notice]) -> str:
    """The till that ships the goods; warning 1103 for an unknown one."""
    given = text(item, "shipping_source_till_code")
    if given and not context.is_till(given):
        notices.append(Notice(BillCode.INVALID_SHIPPING_TILL))
        return ""
    return given


def _payments(item: Item, notices: list[Notice]) -> list[dict[str, Any]]:
    """Payments with mode and value; warning 9603 for each that has not both. `mode` and `value` may be parallel lists."""
    kept: list[dict[str, Any]] = []
    for row in _entries(item, "payment_details", "payment", apart=("mode", "value")):
        mode, value, notes = (
            given.strip() if isinstance(given := row.get(key), str) else "" for key in ("mode", "value", "notes")
        )
        amount = read_plain(value) if len(value) <= SHORT else None
        if not mode or len(mode) > SHORT or amount is None:
            notices.append(Notice(BillCode.PAYMENT_NOT_SAVED))
            continue
        payment: dict[str, Any] = {"mode": mode, "value": plain_digits(amount)}
        if notes:
            payment["notes"] = notes[:LONG]
        attributes = {
            name[:LONG]: value[:LONG]
            for pair in rows(row, "attributes", "attribute")
            if (name := text(pair, "name")) and (value := text(pair, "value"))
        }
        kept.append({**payment, "attributes": attributes} if attributes else payment)
    return kept


def _credit_notes(item: Item, reader: Reader, notices: list[Notice]) -> list[dict[str, str]]:
    """Credit notes with a number and an amount; warning 9612 for each that has not both."""
    kept: list[dict[str, str]] = []
    sent = rows(item, "credit_notes", "credit_note") or rows(item, "credit_note", "credit_note")
    for row in sent:
        number, amount, notes = (text(row, key) for key in ("number", "amount", "notes"))
        money = read_money(amount, reader.context.currency)
        if not number or len(number) > SHORT or money is None:
            notices.append(Notice(BillCode.CREDIT_NOTE_NOT_SAVED))
            continue
        kept.append({"number": number, "amount": plain_digits(money), "notes": notes[:LONG]})
    return kept


def _entries(item: Item, container: str, singular: str, *, apart: Sequence[str]) -> list[Item]:
    """The objects of a container; one whose keys `apart` are parallel lists is as many objects."""
    listed: list[Item] = []
    for row in rows(item, container, singular):
        columns = [as_list(row.get(key)) for key in apart]
        if any(isinstance(row.get(key), list) for key in apart):
            listed += [dict(zip(apart, values, strict=True)) for values in zip_longest(*columns)]
        elif row:
            listed.append(row)
    return _within(listed)


def read_listed(item: Item, key: str, alias: str) -> list[str]:
    """The ids below `redemptions` or on top of the item: `key{id[]}` or the list `alias`. More than 100 are error 400."""
    ids: list[str] = []
    for holder in (child(item, "redemptions"), item):
        for name in (key, alias):
            value = holder.get(name)
            if isinstance(value, dict):
                value = value.get("id")
            ids += [
                given.strip()
                for entry in as_list(value)
                if isinstance(given := entry.get("id") if isinstance(entry, dict) else entry, str) and given.strip()
            ]
    return _within(list(dict.fromkeys(ids)))


def _within(listed: list[Sent]) -> list[Sent]:
    if len(listed) > MOST_ROWS:
        raise LoyaltyError(Code.INVALID_INPUT)
    return listed
