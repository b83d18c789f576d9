"""Forms that show their result before it is done, and count once."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory

from organizations.back_office.forms import LineField
from organizations.back_office.once import OnceForm, digest_of
from organizations.locations.models import Till
from tests.factories.locations import till_actor


class Greeting(OnceForm):
    """Greets the typed name."""

    action = "greet"
    refusals: ClassVar[tuple[type[Exception], ...]] = (*OnceForm.refusals, ValueError)
    name = LineField()
    said: ClassVar[list[str]] = []

    def preview(self) -> Sequence[str]:
        if self.cleaned_data["name"] == "Nobody":
            raise ValueError("Nobody is here.")
        return [f"Says hello to {self.cleaned_data['name']}"]

    def do(self) -> str:
        self.said.append(self.cleaned_data["name"])
        return "Hello."


@pytest.fixture(autouse=True)
def _silence() -> None:
    Greeting.said.clear()


def form(till: Till, **typed: str) -> Greeting:
    data = QueryDict(mutable=True)
    data.update(typed)
    return Greeting(data or None, subject=1, by=till_actor(till))


def test_the_result_is_shown_before_it_is_done(till: Till) -> None:
    shown = form(till, name="Anna", token="0")
    assert not shown.run()
    assert shown.result == ["Says hello to Anna"]
    done = form(till, name="Anna", token="0", seen=shown.seen)
    assert done.run()
    assert (done.submitted.result, Greeting.said) == ("Hello.", ["Anna"])


def test_what_was_changed_since_is_shown_again(till: Till) -> None:
    shown = form(till, name="Anna", token="0")
    shown.run()
    changed = form(till, name="Berta", token="0", seen=shown.seen)
    assert not changed.run()
    assert (changed.result, Greeting.said) == (["Says hello to Berta"], [])
    assert changed.seen != shown.seen


def test_a_refused_preview_is_an_error_of_the_form(till: Till) -> None:
    refused = form(till, name="Nobody", token="0")
    assert not refused.run()
    assert (refused.non_field_errors(), refused.result, refused.seen) == (["Nobody is here."], (), "")


@pytest.mark.parametrize("token", ["", "-1", "x", "99999999999999999999"])
def test_an_unreadable_token_is_reported_above_the_form(till: Till, token: str) -> None:
    refused = form(till, name="Anna", token=token)
    assert not refused.run()
    assert refused.errors == {"__all__": ["This page is incomplete. Open it again."]}


def test_a_form_that_was_not_sent_does_nothing(till: Till) -> None:
    assert not form(till).run()


def test_a_repetition_is_reported_as_such(till: Till, rf: RequestFactory) -> None:
    def report(**typed: str) -> str:
        sent = form(till, **typed, seen=digest_of(_query(typed)))
        assert sent.run()
        request: Any = rf.get("/")
        request._messages = CookieStorage(request)
        sent.report(request, "Anna")
        return _messages(request)

    assert report(name="Anna", token="0") == "success Anna: Hello."
    assert report(name="Anna", token="0") == (
        "warning Anna: nothing more was done: this page was sent before, with Hello. Open it again to repeat it."
    )
    assert Greeting.said == ["Anna"]


def _query(typed: dict[str, str]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(typed)
    return data


def _messages(request: HttpRequest) -> str:
    return " ".join(f"{message.level_tag} {message}" for message in get_messages(request))
