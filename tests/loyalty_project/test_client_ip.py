"""From which network address does a call come?"""

import pytest
from django.test import RequestFactory
from structlog.testing import capture_logs

from loyalty_project import client_ip as module
from loyalty_project.client_ip import UNKNOWN_ADDRESS, client_address


def address(settings, *, peer: str, forwarded: str = "", proxies: int = 0) -> str:
    settings.TRUSTED_PROXIES = proxies
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded))


def test_without_proxies_the_peer_counts_not_the_header(settings) -> None:
    assert address(settings, peer="192.0.2.1", forwarded="198.51.100.7") == "192.0.2.1"


@pytest.mark.parametrize(
    ("proxies", "expected"), [(1, "203.0.113.3"), (2, "203.0.113.2"), (3, "203.0.113.1"), (4, "192.0.2.1")]
)
def test_behind_proxies_it_is_what_the_outermost_of_them_saw(settings, proxies: int, expected: str) -> None:
    forwarded = "203.0.113.1, 203.0.113.2 ,203.0.113.3"
    assert address(settings, peer="192.0.2.1", forwarded=forwarded, proxies=proxies) == expected


@pytest.mark.parametrize("garbage", ["", "unknown", "203.0.113.1:4711", "<script>", "1" * 5000])
def test_a_header_that_names_no_address_gives_the_peer(settings, garbage: str) -> None:
    assert address(settings, peer="192.0.2.1", forwarded=garbage, proxies=1) == "192.0.2.1"


@pytest.mark.parametrize("peer", ["", "unix:", "granian"])
def test_a_local_socket_has_a_fixed_address(settings, peer: str) -> None:
    assert address(settings, peer=peer) == UNKNOWN_ADDRESS


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
    ],
)
def test_an_ipv6_site_is_one_address(settings, peer: str, expected: str) -> None:
    assert address(settings, peer=peer) == expected


def test_an_ignored_header_is_reported_once(settings) -> None:
    module._warn_once.cache_clear()
    with capture_logs() as logs:
        for _ in range(2):
            address(settings, peer="192.0.2.1", forwarded="198.51.100.7")
    assert [log["event"] for log in logs] == ["forwarded_address_ignored"]
    module._warn_once.cache_clear()
    with capture_logs() as logs:
        address(settings, peer="192.0.2.1", forwarded="198.51.100.7", proxies=1)
        address(settings, peer="192.0.2.1")
    assert logs == []
