"""Buttons that lead to pages about a row."""

from organizations.back_office.buttons import button


def test_a_page_that_does_not_exist_has_no_button() -> None:
    known = button("Merge", "merge", "customers_customer_find_duplicate", 7)
    assert known is not None
    assert known.address == "/admin/customers/customer/7/merge/"
    assert button("Merge", "merge", "customers_customer_unheard_of", 7) is None
