"""Codes of tickets."""

import re

import pytest

from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory
from tests.factories.tickets import TicketFactory
from tickets.ticket import drawing
from tickets.ticket.drawing import draw_codes

pytestmark = pytest.mark.django_db


def test_codes_are_nine_letters_and_digits_and_all_different(organization: Organization) -> None:
    codes = draw_codes(500)
    assert len(set(codes)) == 500
    assert all(re.fullmatch("[0-9a-z]{9}", code) for code in codes)
    assert draw_codes(0) == []


def test_a_code_that_is_taken_is_drawn_again(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    TicketFactory(code="000000000", customer=CustomerFactory(organization=organization))
    drawn = iter("0" * 9 + "1" * 9)
    monkeypatch.setattr(drawing.secrets, "choice", lambda _: next(drawn))
    assert draw_codes(1) == ["1" * 9]
    monkeypatch.setattr(drawing.secrets, "choice", lambda _: "0")
    with pytest.raises(LoyaltyError, match="1302"):
        draw_codes(1)
