"""The invented past of the demo's customers."""

from datetime import UTC, datetime, timedelta

from customers.profile.models import Customer
from demo.consents import demo_decisions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = [Customer(pk=number, registered_on=NOW - timedelta(days=number % 700, hours=1)) for number in range(1, 501)]


def test_the_past_is_the_same_at_every_run_and_over():
    decisions = demo_decisions(PEOPLE, now=NOW)
    assert decisions == demo_decisions(PEOPLE, now=NOW)
    joined = {one.pk: one.registered_on for one in PEOPLE}
    assert all(joined[one.customer_id] <= one.at <= NOW for one in decisions)
    assert [one.at for one in decisions] == sorted(one.at for one in decisions)


def test_consents_are_missing_given_or_changed():
    said: dict[tuple[int, str, str, str], list[bool]] = {}
    for one in demo_decisions(PEOPLE, now=NOW):
        said.setdefault((one.customer_id, *one.choice.pair), []).append(one.choice.is_subscribed)
    assert len({key[0] for key in said}) < len(PEOPLE)
    assert {tuple(answers) for answers in said.values()} == {(True,), (False,), (True, False), (True, False, True)}


def test_opting_out_is_by_message_with_a_reason():
    out = [one for one in demo_decisions(PEOPLE, now=NOW) if one.choice.campaign_id]
    assert out
    assert all(one.reason and one.choice.outbox_id and not one.choice.is_subscribed for one in out)


def test_a_past_of_no_time_is_possible():
    assert demo_decisions([], now=NOW) == []
    today = [Customer(pk=number, registered_on=NOW - timedelta(seconds=1)) for number in range(1, 301)]
    assert max(one.at for one in demo_decisions(today, now=NOW)) <= NOW + timedelta(seconds=1)
