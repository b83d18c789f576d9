"""Which customers does an item name?"""

import pytest

from customers.lookup.references import references_in, references_of
from loyalty_project.protocol.errors import LoyaltyError


def test_references_have_aliases_and_blanks_are_not_supplied() -> None:
    item = {"user_id": "12", "mobile": " 98 ", "email": "", "external_id": None, "card_details": {"card_number": "C-1"}}
    assert references_in(item) == {"id": "12", "mobile": "98", "card_number": "C-1"}
    assert references_in({"id": "11", "user_id": "12", "card_number": "C-2", "card_details": []}) == {
        "id": "11",
        "card_number": "C-2",
    }


def test_a_list_is_not_a_reference() -> None:
    with pytest.raises(LoyaltyError, match="400"):
        references_in({"mobile": ["98"]})


def test_a_user_id_of_a_query_may_be_a_flag() -> None:
    for flag in ("0", "1", "true", "False", ""):
        assert references_of({"user_id": flag, "mobile": "98", "format": "json"}) == {"mobile": "98"}
    assert references_of({"user_id": "12"}) == {"id": "12"}
