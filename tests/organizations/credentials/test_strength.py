import pytest

from organizations.credentials.strength import weakness


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "must have at least 12 characters"),
        ("mangoes-and", "must have at least 12 characters"),
        ("abababababab", "must have at least 5 different characters"),
        ("098712340987", "must not consist of digits alone"),
        ("PASSWORD1234", "is too common"),
        ("mangoes-and-9", ""),
    ],
)
def test_a_secret_has_a_minimum_strength(secret: str, reason: str) -> None:
    assert weakness(secret) == reason
