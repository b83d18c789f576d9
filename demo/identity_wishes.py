"""Which identifiers did customers of the demo want changed? Invented, the same at every run.

New numbers are among those that belong to nobody (`demo.people`), new e-mails stand at example.com.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from demo.people import NUMBERS

SEED: Final = 20_240_302
Kind = Literal["mobile", "email"]


@dataclass(frozen=True, slots=True)
class _Case:
    """What somebody wanted, and what staff said to it. `is_taken`: the new value is another customer's."""

    kind: Kind
    comments: str = ""
    verdict: Literal["", "approved", "rejected"] = ""
    reason: str = ""
    by_staff: bool = False
    is_taken: bool = False


_CASES: Final = (
    _Case("mobile", "New number, showed the old telephone", "approved", "Both numbers seen at the counter", by_staff=True),
    _Case("email", verdict="approved"),
    _Case("mobile", verdict="approved", reason="Called back on the old number"),
    _Case("email", "Changed employers", "approved", by_staff=True),
    _Case("mobile", verdict="rejected", reason="Nobody answers at the old number"),
    _Case("email", verdict="rejected", reason="The customer knows nothing of it"),
    _Case("mobile", verdict="rejected", reason="Two people of one household, not one account", is_taken=True),
    _Case("mobile"),
    _Case("email"),
    _Case("mobile", "Says that both accounts are theirs", by_staff=True, is_taken=True),
    _Case("email", "Misspelt at the counter", by_staff=True),
    _Case("mobile"),
    _Case("email", is_taken=True),
    _Case("mobile"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWish:
    """A wish about the customer at position `person`, made so many hours ago. `verdict`: approved, rejected, or nothing yet."""

    person: int
    kind: Kind
    old_value: str
    new_value: str
    hours_ago: int
    by_staff: bool
    comments: str
    verdict: str
    reason: str


def demo_wishes(people: Sequence[Mapping[str, str]], *, taken: Collection[str]) -> list[DemoWish]:
    """The wishes of some of the people, whose current identifiers are given; the oldest first.

    Everybody wants one thing at most. `taken` are numbers that somebody has. Fewer people make fewer wishes.
    """
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    free = [one for one in NUMBERS if one not in taken]
    numbers = iter(random.sample(free, len(free)))
    order = iter(random.sample(range(len(people)), len(people)))
    wishes = []
    for place, case in enumerate(_CASES):
        person = _next_with(case.kind, people, order)
        other = _next_with(case.kind, people, order) if case.is_taken else None
        if person is None or (case.is_taken and other is None):
            break
        if other is not None:
            new_value = people[other][case.kind]
        else:
            new_value = next(numbers, "") if case.kind == "mobile" else _moved(people[person]["email"])
        wishes.append(
            DemoWish(
                person=person,
                kind=case.kind,
                old_value=people[person][case.kind],
                new_value=new_value,
                hours_ago=(len(_CASES) - place) * 7 + random.randint(0, 6),
                by_staff=case.by_staff,
                comments=case.comments,
                verdict=case.verdict,
                reason=case.reason,
            )
        )
    return wishes


def _next_with(kind: Kind, people: Sequence[Mapping[str, str]], order: Iterator[int]) -> int | None:
    return next((position for position in order if kind in people[position]), None)


def _moved(email: str) -> str:
    """The same name at another address."""
    return email.replace("@example.com", "@post.example.com")
