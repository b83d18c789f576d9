"""Answers put together by sections."""

from loyalty_project.protocol.sections import assemble


def names(ids, asked):
    return {customer_id: {"name": f"{asked}{customer_id}"} for customer_id in ids if customer_id != 3}


def extras(ids, asked):
    return {customer_id: {"extra": True} for customer_id in ids if customer_id == 1}


def test_keys_have_a_fixed_order_and_defaults():
    order = {"extra": ..., "empty": [], "name": ""}
    answered = assemble([1, 2, 3], "n", sections=(names, extras), order=order)
    assert answered == {1: {"extra": True, "empty": [], "name": "n1"}, 2: {"empty": [], "name": "n2"}}
    assert list(answered[1]) == ["extra", "empty", "name"]


def test_keys_that_the_order_does_not_know_are_not_answered():
    assert assemble([1], "n", sections=(names, extras), order={"name": ""}) == {1: {"name": "n1"}}
