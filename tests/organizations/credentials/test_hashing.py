"""Hashes of the secrets of tills and API clients."""

from organizations.credentials.hashing import (
    digest_hash,
    hash_secret,
    is_till_password,
    password_digest,
    set_client_secret,
    set_till_password,
    sha256_digest,
    verify_digest,
    verify_secret,
)
from organizations.credentials.models import ApiClient
from organizations.locations.models import Till


def test_the_digest_is_the_md5_that_tills_send() -> None:
    assert password_digest("abc") == "900150983cd24fb0d6963f7d28e17f72"


def test_a_till_password_is_kept_as_argon2id_of_its_digest() -> None:
    till = Till()
    set_till_password(till, "abc")
    assert till.password_hash.startswith("$argon2id$")
    assert verify_digest(till.password_hash, "900150983cd24fb0d6963f7d28e17f72")
    assert verify_digest(till.password_hash, "900150983CD24FB0D6963F7D28E17F72")
    assert not verify_digest(till.password_hash, "abc")
    assert not verify_digest(till.password_hash, password_digest("abd"))


def test_a_till_password_is_kept_as_argon2id_of_its_sha256_too() -> None:
    till = Till()
    set_till_password(till, "abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_digest("abc") == digest
    assert till.password_hash_sha256.startswith("$argon2id$")
    assert verify_digest(till.password_hash_sha256, digest.upper())
    assert not verify_digest(till.password_hash_sha256, sha256_digest(password_digest("abc")))
    assert digest not in till.password_hash_sha256


def test_the_length_of_a_digest_chooses_the_hash() -> None:
    till = Till(password_hash="md5", password_hash_sha256="sha256")
    assert (digest_hash(till, "0" * 32), digest_hash(till, "0" * 64)) == ("md5", "sha256")


def test_a_password_is_proved_by_both_hashes() -> None:
    till = Till()
    set_till_password(till, "abc")
    assert is_till_password(till, "abc")
    assert not is_till_password(till, "abd")
    till.password_hash_sha256 = ""
    assert not is_till_password(till, "abc")


def test_a_client_secret_is_kept_as_argon2id_of_itself_and_its_case_counts() -> None:
    client = ApiClient()
    set_client_secret(client, "Secret")
    assert verify_secret(client.secret_hash, "Secret")
    assert not verify_secret(client.secret_hash, "secret")


def test_a_hash_has_the_cost_of_the_settings_and_keeps_it(settings) -> None:
    settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB = 2, 128
    stored = hash_secret("x")
    assert "m=128,t=2,p=1" in stored
    settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB = 1, 64
    assert verify_secret(stored, "x")


def test_a_blank_or_damaged_hash_fits_nothing() -> None:
    assert not verify_secret("", "")
    assert not verify_secret("$argon2id$broken", "x")
