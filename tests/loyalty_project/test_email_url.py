"""EMAIL_URL: the mail server of the installation"""

import pytest
from django.core.exceptions import ImproperlyConfigured

from loyalty_project.email_url import email_settings


def test_without_an_address_there_is_no_mail_server() -> None:
    assert email_settings("") == {"EMAIL_HOST": ""}


def test_an_address_has_all_that_is_needed() -> None:
    assert email_settings("smtp+tls://shop%40example.com:p%2Fw@mail.example.com/?from=shop@example.com") == {
        "EMAIL_HOST": "mail.example.com", "EMAIL_PORT": 587, "EMAIL_HOST_USER": "shop@example.com",
        "EMAIL_HOST_PASSWORD": "p/w", "EMAIL_USE_TLS": True, "EMAIL_USE_SSL": False, "EMAIL_TIMEOUT": 10,
        "DEFAULT_FROM_EMAIL": "shop@example.com",
    }  # fmt: skip


@pytest.mark.parametrize(("scheme", "port", "tls", "ssl"), [("smtp", 25, False, False), ("smtp+ssl", 465, False, True)])
def test_the_scheme_names_port_and_encryption(scheme: str, port: int, tls: bool, ssl: bool) -> None:  # noqa: FBT001 - a parameter of the test
    known = email_settings(f"{scheme}://mail.example.com/?from=a@example.com")
    assert (known["EMAIL_PORT"], known["EMAIL_USE_TLS"], known["EMAIL_USE_SSL"]) == (port, tls, ssl)


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail.example.com/?from=a@example.com", "smtp://h/", "smtp://h:x/?from=a@b", "smtp:///?from=a@b"]
)  # fmt: skip
def test_another_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        email_settings(url)
    assert url not in str(refusal.value)
