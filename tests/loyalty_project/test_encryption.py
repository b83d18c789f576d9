"""How is a short secret kept that must be shown again?"""

from pytest_django import Settings

from loyalty_project.encryption import seal, unseal


def test_what_is_sealed_can_be_read_again_with_the_same_key_only(settings: Settings) -> None:
    sealed = seal("K7Q2ZD")
    assert "K7Q2ZD" not in sealed
    assert sealed != seal("K7Q2ZD")
    assert unseal(sealed) == "K7Q2ZD"
    assert unseal("nonsense") is None
    settings.SECRET_KEY = "another"
    assert unseal(sealed) is None
