"""Addresses that may be called."""

from ipaddress import IPv4Address

import pytest

from webhooks.sending.addresses import AddressError, Policy, check_url, may_connect

PUBLIC, LENIENT = Policy(), Policy(allow_http=True, allow_private=True)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("https://hooks.example", "https://hooks.example/"),
        ("https://Hooks.Example/A/b?c=d%20e", "https://hooks.example/A/b?c=d%20e"),
        ("HTTPS://hooks.example:8443/x", "https://hooks.example:8443/x"),
        ("https://hooks.example:443/x", "https://hooks.example/x"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
        ("https://[2001:4860:4860::8888]/x", "https://[2001:4860:4860::8888]/x"),
    ],
)
def test_urls_get_their_plain_form(given: str, plain: str) -> None:
    assert check_url(given, PUBLIC) == plain
    assert check_url(plain, PUBLIC) == plain


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("http://hooks.example/", "https://"),
        ("ftp://hooks.example/", "web address"),
        ("file:///etc/passwd", "web address"),
        ("hooks.example/x", "web address"),
        ("https://", "web address"),
        ("https://[::1/", "web address"),
        ("https://hooks.example:99999/", "web address"),
        ("https://user@hooks.example/", "user name"),
        ("https://user:secret@hooks.example/", "user name"),
        ("https://hooks.example/#part", "#part"),
        ("https://hooks.example/a b", "blanks"),
        ("https://hooks.example/é", "ASCII"),
        ("https://hooks.example?x", "After the host"),
        ("https://hooks example/", "host name"),
        ("https://-/", "host name"),
        ("https://127.1/", "host name"),
        ("https://2130706433/", "host name"),
        ("https://127.0.0.1/", "private"),
        ("https://10.0.0.8/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:10.0.0.8]/", "private"),
        ("https://hooks.example/" + "x" * 500, "longer"),
    ],
)
def test_other_urls_are_refused_with_a_reason(given: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        check_url(given, PUBLIC)


def test_private_addresses_and_http_may_be_allowed() -> None:
    assert check_url("http://10.0.0.8:8080/x", LENIENT) == "http://10.0.0.8:8080/x"
    assert check_url("http://[::1]:8080/x", LENIENT) == "http://[::1]:8080/x"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_may_be_called(address: str) -> None:
    assert may_connect(address, PUBLIC)


@pytest.mark.parametrize(
    "address",
    [
        str(IPv4Address(0)), "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.168.1.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "100::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:808:808::f5ff:fffe",
    ],
)  # fmt: skip
def test_no_other_address_may_be_called(address: str) -> None:
    assert not may_connect(address, PUBLIC)
    assert may_connect(address, LENIENT)
