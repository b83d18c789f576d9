"""Bodies of events: encrypted texts"""

from loyalty_project.encryption import seal
from webhooks.events.payloads import SEALED, hidden, opened


def test_encrypted_texts_are_opened_to_be_sent_and_hidden_from_staff() -> None:
    facts = {"channel": "SMS", SEALED: {"text": seal("ABC123"), "recipient": "of another key"}}
    assert opened(facts) == {"channel": "SMS", "text": "ABC123", "recipient": ""}
    assert hidden(facts) == {"channel": "SMS", "text": "•••", "recipient": "•••"}
    assert opened({"a": 1}) == hidden({"a": 1}) == {"a": 1}
