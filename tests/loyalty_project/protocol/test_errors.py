from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import LoyaltyError, Notice, RequestRefusedError, in_numeric_order


def test_a_notice_fills_its_sentence_and_drops_the_period() -> None:
    assert Notice(Code.IDENTIFIER_NOT_UPDATED, x="Email").text == "Email update is not allowed"
    assert Notice(Code.PRIMARY_NOT_UPDATED, x="Mobile", y="Email").text == "Mobile is a primary key. Email cannot be updated"


def test_what_fills_a_place_is_not_filled_again() -> None:
    assert Notice(Code.SUBSCRIPTION_PAIR_NOT_SAVED, x="{y}", y="BULK").text.endswith("for {y} channel and priority BULK")


def test_an_error_has_its_code_and_message() -> None:
    error = LoyaltyError(Code.FRAUD)
    assert (error.code, error.sentence, str(error)) == (
        Code.FRAUD,
        "Not allowed - customer is marked as fraud.",
        "618 Not allowed - customer is marked as fraud.",
    )


def test_a_refusal_has_an_http_status_and_a_body_code() -> None:
    refused = RequestRefusedError(404, Transport.NOT_FOUND)
    assert (refused.http_status, refused.body_code, refused.message) == (404, 404, "Incorrect resource")


def test_the_body_code_of_a_refusal_may_differ() -> None:
    assert RequestRefusedError(403, Transport.ACCESS_DENIED, body_code=4000).body_code == 4000


def test_warnings_are_ordered_by_code_then_occurrence() -> None:
    email, mobile = Notice(Code.IDENTIFIER_NOT_UPDATED, x="Email"), Notice(Code.IDENTIFIER_NOT_UPDATED, x="Mobile")
    field = Notice(Code.INVALID_CUSTOM_FIELD)
    assert in_numeric_order([email, mobile, field]) == (field, email, mobile)


def test_what_fills_a_place_is_cut_at_a_hundred_characters() -> None:
    sentence = Notice(Code.EXTENDED_FIELD_NOT_SAVED, x="x" * 5000).text
    assert sentence.endswith(": " + "x" * 100)
