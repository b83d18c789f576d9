"""Buttons that lead to pages about a row."""

from organizations.back_office.buttons import button


def test_a_button_has_the_address_of_its_page() -> None:
    assert button("Merge", "merge", "customers_customer_find_duplicate", 7).address == "/admin/customers/customer/7/merge/"
