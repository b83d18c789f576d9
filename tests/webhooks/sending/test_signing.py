"""Signatures of deliveries."""

from base64 import b64decode

from webhooks.sending.signing import make_secret, sign, signed_headers

# The example of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
UID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_signature_is_that_of_the_specification() -> None:
    assert sign(BODY, uid=UID, timestamp=TIMESTAMP, secret=SECRET) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_signs() -> None:
    other = make_secret()
    headers = signed_headers(BODY, uid=UID, timestamp=TIMESTAMP, keys=[other, SECRET])
    assert headers["webhook-signature"].split(" ") == [
        sign(BODY, uid=UID, timestamp=TIMESTAMP, secret=secret) for secret in (other, SECRET)
    ]
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (UID, "1614265330")


def test_secrets_are_256_random_bits() -> None:
    secrets = {make_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(b64decode(secret.removeprefix("whsec_"))) for secret in secrets} == {32}


def test_another_body_id_or_time_has_another_signature() -> None:
    made = {
        sign(body, uid=uid, timestamp=timestamp, secret=SECRET)
        for body, uid, timestamp in [
            (BODY, UID, TIMESTAMP), (BODY + b" ", UID, TIMESTAMP), (BODY, UID + "x", TIMESTAMP), (BODY, UID, TIMESTAMP + 1),
        ]
    }  # fmt: skip
    assert len(made) == 4
