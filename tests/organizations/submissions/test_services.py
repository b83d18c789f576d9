"""A form counts once, however often it is sent; a form that was refused may be sent again."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from loyalty_project import clock
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import CountedRefusalError
from organizations.audit.actors import Actor
from organizations.locations.models import Till
from organizations.submissions.models import Submission
from organizations.submissions.services import KEPT_FOR, StaleFormError, Submitted, prune_submissions, submit_once, token_of
from organizations.tasks import prune_sent_forms
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import till_actor


@pytest.fixture
def by(till: Till) -> Actor:
    return till_actor(till)


@pytest.fixture
def done() -> list[str]:
    """What was done so far."""
    return []


def send(token: int, by: Actor, done: list[str], what: str = "once", *, action: str = "greet", subject: int = 7) -> Submitted:
    def do() -> str:
        done.append(what)
        return f"{what}."

    return submit_once(token, action=action, subject=subject, by=by, do=do)


def test_two_tabs_have_one_token_which_counts_once(by: Actor, done: list[str]) -> None:
    first, second = token_of("greet", 7), token_of("greet", 7)
    assert send(first, by, done) == Submitted(result="once.", made_by=by.name)
    assert send(second, by, done, "twice") == Submitted(result="once.", made_by=by.name, is_repeated=True)
    assert done == ["once"]


def test_a_form_opened_afterwards_counts_again(by: Actor, done: list[str]) -> None:
    for what in ("once", "twice"):
        assert not send(token_of("greet", 7), by, done, what).is_repeated
    assert done == ["once", "twice"]


def test_other_actions_subjects_and_organizations_have_tokens_of_their_own(by: Actor, done: list[str], stranger: Till) -> None:
    send(0, by, done, "first")
    send(0, by, done, "other action", action="part")
    send(0, by, done, "other subject", subject=8)
    with organization_scope(stranger.organization_id):
        assert token_of("greet", 7) == 0
        send(0, till_actor(stranger), done, "other organization")
    assert done == ["first", "other action", "other subject", "other organization"]


@pytest.mark.parametrize("token", [0, 999_999_999])
def test_a_token_of_no_open_form_is_refused(by: Actor, done: list[str], token: int) -> None:
    send(0, by, done)
    send(token_of("greet", 7), by, done)
    Submission.objects.filter(after=0).delete()
    with pytest.raises(StaleFormError, match="Open it again"):
        send(token, by, done, "stale")
    assert done == ["once", "once"]


def test_a_refused_form_may_be_sent_again(by: Actor, done: list[str]) -> None:
    def refuse() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        submit_once(0, action="greet", subject=7, by=by, do=refuse)
    assert not send(0, by, done).is_repeated


def test_what_a_refusal_counts_is_kept(by: Actor, organization: Organization, done: list[str]) -> None:
    def count() -> str:
        Organization.objects.filter(pk=organization.pk).update(name="Counted")
        raise CountedRefusalError(Code.INVALID_INPUT)

    with transaction.atomic(), pytest.raises(CountedRefusalError):
        submit_once(0, action="greet", subject=7, by=by, do=count)
    organization.refresh_from_db()
    assert (organization.name, Submission.objects.count()) == ("Counted", 0)
    assert not send(0, by, done).is_repeated


def test_old_submissions_are_pruned_and_open_forms_still_count_once(by: Actor, done: list[str]) -> None:
    send(0, by, done)
    token = token_of("greet", 7)
    with time_machine.travel(clock.now() + KEPT_FOR + timedelta(hours=1)):
        assert prune_submissions() == 1
        assert not Submission.objects.exists()
        with pytest.raises(StaleFormError, match="Open it again"):
            send(token, by, done)
        assert not send(token_of("greet", 7), by, done).is_repeated
        prune_sent_forms(0)
        assert Submission.objects.count() == 1
    assert done == ["once", "once"]
