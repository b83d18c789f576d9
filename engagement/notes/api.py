"""customer/notes: notes about one customer, written and read (docs/protocol.md 4.8)."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import echo_identifiers
from customers.api.items import find_target
from customers.api.reads import Result, read_outcomes, reading_of
from customers.api.subjects import lock_named
from customers.identifiers.sections import identifiers
from customers.lookup.services import read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from engagement.notes import openapi
from engagement.notes.models import Note
from engagement.notes.payloads import kept_note
from engagement.notes.rules import SentNote, changes_notes, read_associate, read_notes
from engagement.notes.sections import ALL, NOTES, OF_ASSOCIATE
from engagement.notes.services import keep_notes
from loyalty_project.api.envelope import customer_answer, request_items
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item, optional
from organizations.api.batches import answer_batch
from organizations.api.call import Call
from organizations.api.views import TillViewSet

DONE: Final = "Operation Successful"
RETRIEVED: Final = "Customer note retrieved successfully"


class NoteViewSet(TillViewSet):
    """The action customer/notes."""

    @action(detail=False, methods=["get"])
    @described(openapi.READ)
    def notes(self, _request: Request, **_kwargs: object) -> Response:
        """Read the notes of a customer."""
        query = self.query
        asked = read_lookup_query(query, limit=1)
        try:
            associate_id = read_associate(query.get("associate_id", ""))
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading_of(self.call, query), (), lambda _found: code)
        else:
            reading = reading_of(self.call, query, options=associate_id)
            section = OF_ASSOCIATE if associate_id else ALL
            outcomes = read_outcomes(asked, reading, (identifiers(reading), section), partial(_listed, reading=reading))
        return self.answer(customer_answer(outcomes, message=DONE))

    @notes.mapping.post
    @described(openapi.WRITE)
    def add_notes(self, _request: Request, **_kwargs: object) -> Response:
        """Add notes to a customer, and change notes."""
        call = self.call
        items = request_items(self.payload(), limit=1)
        is_update = any(map(changes_notes, items))
        return answer_batch(
            self,
            items,
            lambda item: keep_item(item, call),
            action="customer/notes",
            compose=partial(customer_answer, message=Transport.SUCCESS.sentence if is_update else DONE, totals=is_update),
            echo=echo_identifiers,
            fallback=Code.NOTES_NOT_SAVED,
            constraints={},
            whose=partial(lock_named, call=call),
        )


def keep_item(item: Item, call: Call) -> Done:
    """Store the notes of an item. Raises `LoyaltyError`: the codes of `find_target`, 1037 if none was stored."""
    reading = reading_of(call, {})
    found = find_target(item, reading, (identifiers(reading),))
    associate_id = read_associate(optional(item, "associate_id"))
    sent = read_notes(item, reading.zone)
    kept = keep_notes(found.customer.pk, sent, associate_id=associate_id, by=call.actor)
    if not any(kept):
        raise LoyaltyError(Code.NOTES_NOT_SAVED)
    notices = [Notice(Code.SURVIVOR_RETRIEVED)] if found.is_merged else []
    if None in kept:
        notices.append(Notice(Code.SOME_NOTES_NOT_SAVED))
    printed = [kept_note(note, given, reading.zone) for note, given in zip(kept, sent, strict=True)]
    return Done(
        body=_body(found, printed, user_id=True, associate_id=associate_id),
        message=f"Customer note {_what_was_done(kept, sent)} successfully",
        warnings=in_numeric_order([*notices, *call.notices]),
        subject=found.customer.pk,
    )


def _what_was_done(kept: Sequence[Note | None], sent: Sequence[SentNote]) -> str:
    done = {bool(given.number) for note, given in zip(kept, sent, strict=True) if note is not None}
    return "added/updated" if len(done) > 1 else "updated" if True in done else "added"


def _listed(found: Found, *, reading: Reading) -> Result:
    """The customer with the notes that the read asks for, or 1028."""
    notes = merged(found.parts)[NOTES]
    if not notes:
        return Code.NO_NOTES
    body = _body(found, notes, user_id=reading.wants("user_id"), associate_id=reading.options)
    return Done(body=body, message=RETRIEVED)


def _body(found: Found, notes: Sequence[dict[str, str]], *, user_id: bool, associate_id: str) -> dict[str, Any]:
    parts = merged(found.parts)
    return {
        **({"user_id": str(found.customer.pk)} if user_id else {}),
        "firstname": found.customer.firstname,
        "lastname": found.customer.lastname,
        "mobile": parts.get("mobile"),
        "email": parts.get("email"),
        "external_id": parts.get("external_id"),
        **({"associate_id": associate_id} if associate_id else {}),
        "notes": {"note": list(notes)},
    }
