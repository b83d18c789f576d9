"""Short-lived tokens of API clients."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loyalty_project import clock
from organizations.credentials.hashing import set_client_secret
from organizations.credentials.lookup import FoundClient
from organizations.credentials.models import ApiClient
from organizations.credentials.token_keys import add_key, key_ids, key_ring
from organizations.credentials.tokens import ALGORITHM, client_of_secret, client_of_token, issue_token
from organizations.tenancy.models import Organization
from tests.factories.credentials import ApiClientFactory

HOME = "192.0.2.1"


def resigned(token: str, folder: Path, **changes: object) -> str:
    """The token with other claims (None removes one), signed with the right key."""
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    key = key_ring(folder).signing_key()
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def found(client: ApiClient) -> FoundClient:
    """What a lookup finds of the client."""
    version = Organization.objects.values_list("configuration_version", flat=True).get(pk=client.organization_id)
    return FoundClient(client.organization_id, version, client.till_id, client.key, client.secret_hash, client.token_ttl)


def test_a_token_has_the_documented_claims(client_row: ApiClient, token_folder: Path) -> None:
    token = issue_token(client_row)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": key_ids(token_folder)[-1]}
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["sub"], claims["client_id"]) == ("nw-key-1", "nw-key-1")
    assert (claims["org_id"], claims["token_use"]) == (client_row.organization_id, "token_access")
    assert claims["jti"] != jwt.decode(issue_token(client_row), options={"verify_signature": False})["jti"]


def test_a_token_gives_its_client_in_one_query(client_row: ApiClient, django_assert_num_queries) -> None:
    token, expected = issue_token(client_row), found(client_row)
    with django_assert_num_queries(1):
        assert client_of_token(token) == expected


def test_a_token_is_over_at_its_end(client_row: ApiClient) -> None:
    token = issue_token(client_row)
    with time_machine.travel(clock.now() + timedelta(seconds=3598)):
        assert client_of_token(token)
    with time_machine.travel(clock.now() + timedelta(seconds=3601)):
        assert client_of_token(token) is None


@pytest.mark.parametrize("claim", ["iss", "sub", "exp", "iat", "jti", "client_id", "org_id", "token_use", "secret_version"])
def test_a_token_without_one_of_its_claims_proves_nothing(claim: str, client_row: ApiClient, token_folder: Path) -> None:
    assert client_of_token(resigned(issue_token(client_row), token_folder, **{claim: None})) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "elsewhere"},
        {"sub": "nobody"},
        {"sub": "nul\0"},
        {"sub": 7},
        {"org_id": 0},
        {"token_use": "token_id"},
        {"exp": "soon"},
    ],
)
def test_a_token_with_foreign_claims_proves_nothing(changes: dict, client_row: ApiClient, token_folder: Path) -> None:
    assert client_of_token(resigned(issue_token(client_row), token_folder, **changes)) is None


def test_the_resigned_token_is_good_when_nothing_was_changed(client_row: ApiClient, token_folder: Path) -> None:
    assert client_of_token(resigned(issue_token(client_row), token_folder)) == found(client_row)


def test_a_token_without_signature_proves_nothing(client_row: ApiClient, token_folder: Path) -> None:
    claims = jwt.decode(issue_token(client_row), options={"verify_signature": False})
    kid = key_ids(token_folder)[-1]
    assert client_of_token(jwt.encode(claims, None, algorithm="none", headers={"kid": kid})) is None


def test_the_public_key_is_no_shared_secret(client_row: ApiClient, token_folder: Path) -> None:
    token = issue_token(client_row)
    key = key_ring(token_folder).signing_key()
    public = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    signed = ".".join([part({**head}), token.split(".")[1]])
    # PyJWT itself refuses to sign like this, so the forger does it by hand.
    signature = base64.urlsafe_b64encode(jwt.get_algorithm_by_name("HS256").sign(signed.encode(), public)).rstrip(b"=").decode()
    assert client_of_token(f"{signed}.{signature}") is None


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_of_another_key_proves_nothing(client_row: ApiClient, token_folder: Path, tmp_path: Path) -> None:
    add_key(tmp_path)
    own, foreign = key_ring(token_folder).signing_key(), key_ring(tmp_path).signing_key()
    claims = jwt.decode(issue_token(client_row), options={"verify_signature": False})
    for kid in (own.kid, foreign.kid):
        assert client_of_token(jwt.encode(claims, foreign.private, algorithm=ALGORITHM, headers={"kid": kid})) is None
    assert client_of_token(jwt.encode(claims, own.private, algorithm=ALGORITHM)) is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b.c", "...", "é.é.é", "x" * 5000, part([]) + ".e30.x", part({"alg": "RS256", "kid": 7}) + ".e30.x"],
)
def test_what_is_no_token_proves_nothing(text: str, client_row: ApiClient) -> None:
    assert client_of_token(text) is None


def test_a_deeply_nested_head_proves_nothing(client_row: ApiClient) -> None:
    head = base64.urlsafe_b64encode(b"[" * 3000).decode()
    assert client_of_token(f"{head}.e30.x") is None


def test_a_rotation_keeps_old_tokens_good_until_their_key_goes(client_row: ApiClient, tmp_path: Path, settings) -> None:
    settings.TOKEN_KEYS_DIR = tmp_path
    token = issue_token(client_row)
    old = key_ids(tmp_path)[0]
    new = add_key(tmp_path)
    assert client_of_token(token)
    assert jwt.get_unverified_header(issue_token(client_row))["kid"] == new
    (tmp_path / f"{old}.pem").unlink()
    assert client_of_token(token) is None


def test_tokens_end_with_their_client_or_its_till(client_row: ApiClient) -> None:
    token = issue_token(client_row)
    till = client_row.till
    till.is_active = False
    till.save()
    assert client_of_token(token) is None
    till.is_active = True
    till.save()
    assert client_of_token(token)
    client_row.is_active = False
    client_row.save()
    assert client_of_token(token) is None


def test_a_changed_secret_ends_the_tokens_of_the_old_one(client_row: ApiClient) -> None:
    token = issue_token(client_row)
    set_client_secret(client_row, "new-secret")
    client_row.save()
    assert client_of_token(token) is None


def test_key_and_secret_prove_the_client(client_row: ApiClient) -> None:
    assert client_of_secret("nw-key-1", "nw-secret-1", address=HOME) == found(client_row)
    assert client_of_secret("nw-key-1", "NW-SECRET-1", address=HOME) is None
    assert client_of_secret("nw-key-2", "nw-secret-1", address=HOME) is None
    assert client_of_secret("Schlüssel 1", "nw-secret-1", address=HOME) is None


def test_a_client_without_a_secret_gets_no_token(client_row: ApiClient) -> None:
    blank = ApiClientFactory(till=client_row.till, key="blank")
    blank.secret_hash = ""
    blank.save()
    assert client_of_secret("blank", "", address=HOME) is None


@pytest.mark.parametrize(
    ("key", "secret"), [("nul\0", "x"), ("\ud800", "x"), ("k" * 101, "x"), ("nw-key-1", "\0"), ("nw-key-1", "\udfff")]
)
def test_text_that_no_column_can_hold_names_no_client(key: str, secret: str, client_row: ApiClient) -> None:
    assert client_of_secret(key, secret, address=HOME) is None
