"""The spellings of an action's address (docs/protocol.md 1.1)."""

import pytest
from django.urls import Resolver404, resolve

from customers.api.viewsets import CustomerViewSet
from customers.preferences.api import PreferenceViewSet
from engagement.coupons.api import CouponViewSet
from engagement.interactions.api import InteractionViewSet
from engagement.notes.api import NoteViewSet
from engagement.recommendations.api import RecommendationViewSet
from engagement.redemptions.api.history import RedemptionViewSet
from engagement.redemptions.api.points import PointsViewSet
from engagement.transactions.api import TransactionViewSet
from loyalty_project.api.error_pages import unknown_path
from organizations.api.views import UnknownResourceView, UnsupportedViewSet
from referrals.api import ReferralViewSet
from subscriptions.api import SubscriptionViewSet
from tickets.ticket.api import TicketViewSet

ADD = {"post": "add"}
GET = {"get": "get_customers"}
READ, WRITE, BOTH = {"get": "refuse"}, {"post": "refuse"}, {"get": "refuse", "post": "refuse"}


@pytest.mark.parametrize(
    ("path", "viewset", "actions"),
    [
        ("/v1.1/customer/add", CustomerViewSet, ADD),
        ("/v1.1/customer/add/", CustomerViewSet, ADD),
        ("/v1.1/customer/add.json", CustomerViewSet, ADD),
        ("/v1.1/customer/add.XML/", CustomerViewSet, ADD),
        ("/1.1/customer/add", CustomerViewSet, ADD),
        ("/api/v1.1/customer/add", CustomerViewSet, ADD),
        ("/v1.1/customer/register", CustomerViewSet, ADD),
        ("/v1.1/customer/update", CustomerViewSet, {"post": "update", "put": "update"}),
        ("/v1.1/customer/update_identity", CustomerViewSet, {"post": "update_identity"}),
        ("/v1.1/customer/get.xml", CustomerViewSet, GET),
        ("/api/1.1/customer/get.xml/", CustomerViewSet, GET),
        ("/v1.1/customer/search", CustomerViewSet, {"get": "search"}),
        ("/v1.1/customer/transactions", TransactionViewSet, {"get": "transactions"}),
        ("/v1.1/customer/redemptions", RedemptionViewSet, {"get": "redemptions"}),
        ("/v1.1/customer/coupons", CouponViewSet, {"get": "coupons"}),
        ("/v1.1/customer/recommendations", RecommendationViewSet, {"get": "recommendations"}),
        ("/v1.1/customer/subscriptions", SubscriptionViewSet, {"get": "subscriptions", "post": "add_subscriptions"}),
        ("/v1.1/customer/notes", NoteViewSet, {"get": "notes", "post": "add_notes"}),
        ("/v1.1/customer/tickets", TicketViewSet, {"get": "tickets", "post": "keep_ticket"}),
        ("/v1.1/customer/referrals", ReferralViewSet, {"get": "referrals", "post": "add_referrals"}),
        ("/v1.1/customer/preferences", PreferenceViewSet, {"get": "preferences", "post": "add_preferences"}),
        ("/v1.1/customer/interaction", InteractionViewSet, {"get": "interaction"}),
        ("/v1.1/customer/interactions", InteractionViewSet, {"get": "interaction"}),
        ("/v1.1/transaction/add", UnsupportedViewSet, WRITE),
        ("/v1.1/points/isredeemable.json", PointsViewSet, {"get": "isredeemable"}),
        ("/v1.1/points/validationcode", PointsViewSet, {"get": "validationcode"}),
        ("/v1.1/points/redeem", PointsViewSet, {"post": "redeem"}),
        ("/v1.1/points/reverse", PointsViewSet, {"post": "reverse"}),
        ("/v1.1/coupon/isredeemable", UnsupportedViewSet, READ),
        ("/v1.1/coupon/redeem/", UnsupportedViewSet, WRITE),
        ("/v1.1/coupon/issue", UnsupportedViewSet, WRITE),
        ("/v1.1/coupon/reactivate", UnsupportedViewSet, WRITE),
    ],
)
def test_every_action_has_its_viewset_and_methods(path, viewset, actions):
    view = resolve(path).func
    # The framework adds HEAD to viewsets that answer GET; the views refuse it.
    routed = {method: action for method, action in view.actions.items() if method != "head"}
    assert (view.cls, routed) == (viewset, actions)


@pytest.mark.parametrize(
    "path",
    [
        "/v1.1/customer/adds",
        "/v1.1/customer/add.csv",
        "/v1.1",
        "/1.1/anything/else",
        "/api/v1.1/store/get",
        "/v1.1/store/get",
        "/v1.1/transaction/get",
    ],
)
def test_other_addresses_of_1_1_are_unknown_resources(path):
    assert resolve(path).func.view_class is UnknownResourceView


@pytest.mark.parametrize("path", ["/v2", "/v2/customer/add", "/v3/oauth/token"])
def test_other_versions_lead_to_their_404(path):
    assert resolve(path).func is unknown_path


@pytest.mark.parametrize(("path", "suffix"), [("/v1.1/customer/get.XML", "XML"), ("/v1.1/customer/get", None)])
def test_suffix_is_captured(path, suffix):
    assert resolve(path).kwargs.get("format") == suffix


@pytest.mark.parametrize("path", ["/v1.10/customer/add", "/customer/add", "/api", "/api/admin/", "/v22/x"])
def test_other_addresses_lead_nowhere(path):
    with pytest.raises(Resolver404):
        resolve(path)
