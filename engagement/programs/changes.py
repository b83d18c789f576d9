"""What changed rules of a program say otherwise than those of before, in plain sentences. Pure functions."""

from collections.abc import Iterator, Sequence

from engagement.programs import descriptions
from engagement.programs.descriptions import Description
from engagement.programs.rules import ProgramRules
from organizations.organization_file.sentences import said_otherwise


def changed_sentences(before: ProgramRules, after: ProgramRules, *, currency: str) -> list[str]:
    """A sentence for each difference, in the order of a program's page. Empty if the rules say the same."""
    return [*_rules(before, after), *_rest(before, after, currency)]


def _rules(before: ProgramRules, after: ProgramRules) -> Iterator[str]:
    for what, describe in (
        ("Rule", descriptions.describe_earning),
        ("Occasion", descriptions.describe_occasions),
        ("Tier", descriptions.describe_tiers),
        ("Tracker", descriptions.describe_trackers),
    ):
        yield from _named(what, describe(before), describe(after))
    yield from said_otherwise(
        "A description of tiers",
        " ".join(f"{tier.name}: {tier.description}." for tier in before.tiers if tier.description),
        " ".join(f"{tier.name}: {tier.description}." for tier in after.tiers if tier.description),
    )


def _named(what: str, before: Sequence[Description], after: Sequence[Description]) -> Iterator[str]:
    old = {rule.name: " ".join(rule.sentences) for rule in before}
    new = {rule.name: " ".join(rule.sentences) for rule in after}
    for name, text in new.items():
        if name not in old:
            yield f"{what} {name} is new: {text}"
        elif old[name] != text:
            yield f"{what} {name} changes: {text} Before: {old[name]}"
    for name, text in old.items():
        if name not in new:
            yield f"{what} {name} is removed. It said: {text}"
    kept_before = [name for name in old if name in new]
    kept_after = [name for name in new if name in old]
    if kept_before != kept_after:
        yield f"The order is now {', '.join(new)}."


def _rest(before: ProgramRules, after: ProgramRules, currency: str) -> Iterator[str]:
    def redemption(rules: ProgramRules) -> str:
        return " ".join(descriptions.describe_redemption(rules, currency=currency))

    yield from said_otherwise("Joining", descriptions.describe_enrolment(before), descriptions.describe_enrolment(after))
    yield from said_otherwise("Redemption", redemption(before), redemption(after))
    yield from said_otherwise("Returns", descriptions.describe_returns(before), descriptions.describe_returns(after))
    yield from said_otherwise("Decimals of a point", str(before.precision), str(after.precision))
    yield from said_otherwise("Field with the birthday", before.birthday_field, after.birthday_field)
    yield from said_otherwise(
        "Days of notice before points expire", _days(before.expiry_notice_days), _days(after.expiry_notice_days)
    )
    yield from said_otherwise(
        "What keeps points alive", ", ".join(before.keeps_points_alive), ", ".join(after.keeps_points_alive)
    )


def _days(days: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(days)))
