"""Codes of coupons."""

import re

import pytest

from engagement.coupons import drawing
from engagement.coupons.drawing import ALPHABET, ISSUED_LENGTH, PRINTED_LENGTH, draw_codes
from loyalty_project.protocol.errors import LoyaltyError
from tests.factories.chains import Chain
from tests.factories.coupons import hold, open_series
from tests.factories.customers import CustomerFactory


def test_codes_have_no_characters_that_look_alike(chain: Chain) -> None:
    assert not set("IO01") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32
    codes = draw_codes(100)
    assert len(set(codes)) == 100
    assert all(re.fullmatch(rf"[{ALPHABET}]{{{ISSUED_LENGTH}}}", code) for code in codes)


def test_a_printed_code_has_sixty_random_bits() -> None:
    assert PRINTED_LENGTH * 5 == 60


def test_every_byte_gives_a_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing.os, "urandom", lambda count: bytes(range(256))[:count])
    assert drawing._draw(1, 32) == {ALPHABET}


def test_a_taken_code_is_drawn_again(monkeypatch: pytest.MonkeyPatch, chain: Chain) -> None:
    hold(CustomerFactory(organization=chain.organization), open_series(chain.organization), by=chain.blr, code="aaaaaaaa")
    drawn = iter([{"AAAAAAAA"}, {"BBBBBBBB"}])
    monkeypatch.setattr(drawing, "_draw", lambda *_: next(drawn))
    assert draw_codes(1) == ["BBBBBBBB"]


def test_a_code_space_without_free_codes_is_refused(monkeypatch: pytest.MonkeyPatch, chain: Chain) -> None:
    monkeypatch.setattr(drawing, "_draw", lambda *_: set())
    with pytest.raises(LoyaltyError, match="722"):
        draw_codes(1)
