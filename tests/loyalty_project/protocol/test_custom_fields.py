"""Custom fields that a till sends with a redemption."""

from loyalty_project.protocol.custom_fields import usable_fields


def test_fields_with_a_name_and_a_value_of_fitting_length_are_kept() -> None:
    sent = [
        {"name": " desk ", "value": " 4 "},
        {"name": "", "value": "5"},
        {"name": "empty"},
        {"name": "desks", "value": "6"},
        {"name": "lane", "value": "12345"},
    ]
    assert usable_fields(sent, longest_name=4, longest_value=4) == [{"name": "desk", "value": "4"}]
