"""One-time tokens of forms: what a form asks for is done once, if it is sent twice, from two tabs, or after the back button."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from loyalty_project import clock
from loyalty_project.protocol.errors import CountedRefusalError
from organizations.audit.actors import Actor
from organizations.submissions.models import Submission
from organizations.tenancy.statements import fetch_written_rows

KEPT_FOR: Final = timedelta(days=30)
_AT_ONCE: Final = 1000
# Waits for a transaction that has claimed the same token. Afterwards its row exists, or nothing if it was rolled back.
_CLAIM: Final = """
INSERT INTO organizations_submission (organization_id, action, subject, after, result, made_by, made_at)
VALUES (%(organization)s, %(action)s, %(subject)s, %(after)s, '', %(made_by)s, %(made_at)s)
ON CONFLICT DO NOTHING RETURNING id
"""


class StaleFormError(ValueError):
    """The form is not one of those that are open now. The text is for users. Nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a form has done, in a sentence: now, or when it was sent before (`is_repeated`) by `made_by`."""

    result: str
    made_by: str
    is_repeated: bool = False


def token_of(action: str, subject: int) -> int:
    """The one-time token of a form that is opened now. One query."""
    return _latest(action, subject)


def submit_once(token: int, *, action: str, subject: int, by: Actor, do: Callable[[], str]) -> Submitted:
    """Call `do` if no form with this token did before, in one transaction; it returns what it did, in a sentence.

    Otherwise nothing happens, and the result is that of the form that counted. If `do` raises, nothing was done and the token
    may be used again; what a `CountedRefusalError` counts is kept. Raises `StaleFormError`; `django.db.OperationalError`
    (55P03) if the same form is busy for too long. The token is claimed before anything that `do` locks; the constraint
    `submission_counts_once` is underneath. Call it outside of a transaction that holds locks.
    """
    with transaction.atomic():
        submitted = _claim_and_do(token, action=action, subject=subject, by=by, do=do)
    if isinstance(submitted, CountedRefusalError):
        raise submitted
    return submitted


def prune_submissions() -> int:
    """Delete submissions of the scope's organization older than `KEPT_FOR`, in steps of a thousand; return how many.

    No form that is open can be so old: sessions end after twelve hours, and a form of an earlier one is refused.
    """
    old = Submission.objects.filter(made_at__lt=clock.now() - KEPT_FOR).order_by("pk")
    pruned = 0
    while True:
        count, _ = Submission.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_AT_ONCE])).delete()
        pruned += count
        if count < _AT_ONCE:
            return pruned


def _claim_and_do(
    token: int, *, action: str, subject: int, by: Actor, do: Callable[[], str]
) -> Submitted | CountedRefusalError:
    values = {"action": action, "subject": subject, "after": token, "made_by": by.name, "made_at": clock.now()}
    claimed = fetch_written_rows(_CLAIM, values)
    if not claimed:
        earlier = Submission.objects.get(action=action, subject=subject, after=token)
        return Submitted(result=earlier.result, made_by=earlier.made_by, is_repeated=True)
    ((pk,),) = claimed
    if token != _latest(action, subject, but=pk):
        raise StaleFormError("Something was done after you opened this page. Open it again.")
    own = Submission.objects.filter(pk=pk)
    try:
        result = do()
    except CountedRefusalError as refusal:
        own.delete()
        return refusal
    own.update(result=result)
    return Submitted(result=result, made_by=by.name)


def _latest(action: str, subject: int, *, but: int = 0) -> int:
    latest = Submission.objects.filter(action=action, subject=subject).exclude(pk=but).order_by("-pk")
    return latest.values_list("pk", flat=True).first() or 0
