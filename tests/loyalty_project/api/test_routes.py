"""The spellings of an action's address (docs/protocol.md 1.1)."""

import pytest
from django.urls import Resolver404, resolve

from customers.api.get import GetView
from customers.api.registration import AddView, UpdateView
from customers.api.search import SearchView
from loyalty_project.api.error_pages import unknown_path
from organizations.api.views import UnknownResourceView, UnsupportedActionView


@pytest.mark.parametrize(
    ("path", "view"),
    [
        ("/v1.1/customer/add", AddView),
        ("/v1.1/customer/add/", AddView),
        ("/v1.1/customer/add.json", AddView),
        ("/v1.1/customer/add.XML/", AddView),
        ("/1.1/customer/add", AddView),
        ("/v1.1/customer/register", AddView),
        ("/v1.1/customer/update", UpdateView),
        ("/v1.1/customer/get.xml", GetView),
        ("/v1.1/customer/search", SearchView),
        ("/v1.1/customer/notes", UnsupportedActionView),
        ("/v1.1/customer/interactions", UnsupportedActionView),
        ("/v1.1/customer/adds", UnknownResourceView),
        ("/v1.1/customer/add.csv", UnknownResourceView),
        ("/v1.1", UnknownResourceView),
        ("/1.1/anything/else", UnknownResourceView),
        ("/api/v1.1/customer/add", AddView),
        ("/api/1.1/customer/get.xml/", GetView),
        ("/api/v1.1/store/get", UnknownResourceView),
        ("/v1.1/store/get", UnknownResourceView),
        ("/v1.1/transaction/add", UnsupportedActionView),
        ("/v1.1/points/isredeemable.json", UnsupportedActionView),
        ("/v1.1/coupon/redeem/", UnsupportedActionView),
        ("/v1.1/transaction/get", UnknownResourceView),
    ],
)
def test_every_address_leads_to_its_view(path, view):
    assert resolve(path).func.view_class is view


@pytest.mark.parametrize("path", ["/v2", "/v2/customer/add", "/v3/oauth/token"])
def test_other_versions_lead_to_their_404(path):
    assert resolve(path).func is unknown_path


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("transaction/add", ("POST",)),
        ("points/isredeemable", ("GET",)),
        ("points/validationcode", ("GET",)),
        ("points/redeem", ("POST",)),
        ("points/reverse", ("POST",)),
        ("coupon/isredeemable", ("GET",)),
        ("coupon/redeem", ("POST",)),
        ("coupon/issue", ("POST",)),
        ("coupon/reactivate", ("POST",)),
    ],
)
def test_the_tills_actions_know_their_methods(path, methods):
    assert resolve(f"/v1.1/{path}").func.view_initkwargs == {"methods": methods}


@pytest.mark.parametrize(("path", "suffix"), [("/v1.1/customer/get.XML", "XML"), ("/v1.1/customer/get", None)])
def test_suffix_is_captured(path, suffix):
    assert resolve(path).kwargs == {"suffix": suffix} if suffix else not resolve(path).kwargs.get("suffix")


@pytest.mark.parametrize("path", ["/v1.10/customer/add", "/customer/add", "/api", "/api/admin/", "/v22/x"])
def test_other_addresses_lead_nowhere(path):
    with pytest.raises(Resolver404):
        resolve(path)
