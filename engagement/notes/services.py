"""Adding and changing notes; the audit keeps what was changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField

from customers.profile.locks import lock_customer
from engagement.notes.models import Note
from engagement.notes.rules import SentNote
from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from loyalty_project.protocol.values import read_id
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries

_CHANGED = ("description", "noted_at", "associate_id")


def keep_notes(customer_id: int, sent: Sequence[SentNote], *, associate_id: str = "", by: Actor) -> list[Note | None]:
    """Add and change notes of a customer in their order; None for each that is not sound or names no note of the customer.

    A blank date or associate of a change leaves what is stored. Call it in a transaction; it locks the customer, so that no
    merge takes place meanwhile. At most six statements for any number. Errors as `lock_customer`.
    """
    customer = lock_customer(customer_id)
    now = clock.now()
    ids = {read_id(note.number) for note in sent if note.is_sound and note.number}
    known = _notes_of(customer.pk, ids)
    before = {pk: _values_of(note) for pk, note in known.items()}
    kept: list[Note | None] = []
    added: list[Note] = []
    for given in sent:
        note = known.get(read_id(given.number)) if given.number else _new_note(customer.pk, now, by)
        if not given.is_sound or note is None:
            kept.append(None)
            continue
        note.description, note.noted_at = given.description, given.noted_at or note.noted_at
        note.associate_id = associate_id or note.associate_id
        kept.append(note)
        if not given.number:
            added.append(note)
    changed = [note for note in known.values() if _values_of(note) != before[note.pk]]
    insert_with_ids(added)
    update_rows(changed, _CHANGED)
    changes = [_addition(note) for note in added] + [_change(before[note.pk], note) for note in changed]
    insert_rows(audit_entries(changes, by=by))
    return kept


def _notes_of(customer_id: int, ids: set[int]) -> dict[int, Note]:
    """Those of the notes (ids) that are the customer's: one query, none without ids."""
    notes = Note.objects.filter(is_any_of("pk", ids, BigIntegerField()), customer=customer_id) if ids else ()
    return {note.pk: note for note in notes}


def _new_note(customer_id: int, now: datetime, by: Actor) -> Note:
    return Note(organization=by.organization, customer_id=customer_id, noted_at=now, recorded_at=now, made_by=by.name)


def _values_of(note: Note) -> dict[str, Any]:
    return {"description": note.description, "date": note.noted_at.isoformat(), "associate_id": note.associate_id}


def _addition(note: Note) -> Change:
    new = {"customer": note.customer_id, **{name: value for name, value in _values_of(note).items() if value}}
    return Change(action="added", object_type="note", object_id=note.pk, new=new)


def _change(before: dict[str, Any], note: Note) -> Change:
    after = _values_of(note)
    names = [name for name in after if after[name] != before[name]]
    return Change(
        action="changed",
        object_type="note",
        object_id=note.pk,
        old={name: before[name] for name in names},
        new={name: after[name] for name in names},
    )
