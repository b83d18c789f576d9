"""Choices as they are read (docs/protocol.md 4.14, 5)."""

import pytest

from loyalty_project.protocol.errors import LoyaltyError
from subscriptions.rules import Choice, read_choice

ITEM = {"channel": "SMS", "priority": "BULK", "scope": "ALL", "is_subscribed": "1"}


def refusal(**changed: object) -> int:
    with pytest.raises(LoyaltyError) as caught:
        read_choice({**ITEM, **changed})
    return int(caught.value.code)


def test_words_are_read_in_any_case():
    read = read_choice({"channel": "email", "priority": "Trans", "scope": "all", "is_subscribed": " 0 "})
    assert read == Choice(channel="EMAIL", priority="TRANS", scope="ALL", is_subscribed=False)
    assert read.pair == ("EMAIL", "TRANS", "ALL")


@pytest.mark.parametrize("scope", [None, "", "0", " "])
def test_scope_is_all_unless_given(scope):
    assert read_choice({**ITEM, "scope": scope}).scope == "ALL"


@pytest.mark.parametrize(("given", "read"), [(None, None), ("", None), ("0", None), ("17", 17), (str(2**63 - 1), 2**63 - 1)])
def test_ids_of_other_systems_are_taken_as_they_are(given, read):
    choice = read_choice({**ITEM, "campaign_id": given, "outbox_id": given})
    assert (choice.campaign_id, choice.outbox_id) == (read, read)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"channel": "PIGEON"}, 1101),
        ({"channel": "WECHAT"}, 1101),
        ({"channel": None}, 1101),
        ({"priority": "URGENT"}, 1102),
        ({"priority": ""}, 1102),
        ({"scope": "STORE"}, 1103),
        ({"scope": "ALL,STORE"}, 1105),
        ({"scope": "ALL,"}, 1105),
        ({"is_subscribed": "2"}, 1106),
        ({"is_subscribed": "true"}, 1106),
        ({"is_subscribed": ""}, 1106),
        ({"campaign_id": "summer"}, 1107),
        ({"campaign_id": "-1"}, 1107),
        ({"campaign_id": "1٢"}, 1107),
        ({"campaign_id": str(2**63)}, 1107),
        ({"outbox_id": "out-1"}, 1108),
        ({"outbox_id": "9" * 30}, 1108),
        ({"channel": {"name": "SMS"}}, 400),
    ],
)
def test_what_is_no_choice_has_its_code(changed, code):
    assert refusal(**changed) == code


def test_the_first_error_is_reported():
    wrong = {"channel": "x", "priority": "x", "scope": "x", "is_subscribed": "x", "campaign_id": "x", "outbox_id": "x"}
    right = dict.fromkeys(wrong, "")
    codes = []
    for name in wrong:
        codes.append(refusal(**wrong))
        wrong[name] = ITEM.get(name, right[name])
    assert codes == [1101, 1102, 1103, 1106, 1107, 1108]
    assert read_choice(wrong).is_subscribed
