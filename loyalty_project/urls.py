"""Which address leads where? Every route on one line."""

from django.contrib import admin
from django.urls import path, re_path

from customers.api.get import GetView
from customers.api.identity import UpdateIdentityView
from customers.api.registration import AddView, UpdateView
from customers.api.search import SearchView
from engagement.redemptions.api import RedemptionsView
from engagement.transactions.api import TransactionsView
from loyalty_project.api.error_pages import unknown_path
from loyalty_project.api.routes import customer_route, entity_route
from loyalty_project.health import healthz, readyz
from organizations.api.views import UnknownResourceView, UnsupportedActionView
from organizations.credentials.api import TokenView
from subscriptions.api import SubscriptionsView

READ, WRITE, BOTH = ("GET",), ("POST",), ("GET", "POST")

handler400 = "loyalty_project.api.error_pages.bad_request"
handler403 = "loyalty_project.api.error_pages.permission_denied"
handler404 = "loyalty_project.api.error_pages.page_not_found"
handler500 = "loyalty_project.api.error_pages.server_error"

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("v3/oauth/token/generate", TokenView.as_view()),
    customer_route("add|register", AddView.as_view()),
    customer_route("update", UpdateView.as_view()),
    customer_route("get", GetView.as_view()),
    customer_route("update_identity", UpdateIdentityView.as_view()),
    customer_route("search", SearchView.as_view()),
    customer_route("transactions", TransactionsView.as_view()),
    customer_route("redemptions", RedemptionsView.as_view()),
    customer_route("notes", UnsupportedActionView.as_view(methods=BOTH)),
    customer_route("coupons", UnsupportedActionView.as_view(methods=READ)),
    customer_route("tickets", UnsupportedActionView.as_view(methods=BOTH)),
    customer_route("referrals", UnsupportedActionView.as_view(methods=BOTH)),
    customer_route("preferences", UnsupportedActionView.as_view(methods=BOTH)),
    customer_route("interaction|interactions", UnsupportedActionView.as_view(methods=READ)),
    customer_route("subscriptions", SubscriptionsView.as_view()),
    customer_route("recommendations", UnsupportedActionView.as_view(methods=READ)),
    entity_route("transaction", "add", UnsupportedActionView.as_view(methods=WRITE)),
    entity_route("points", "isredeemable|validationcode", UnsupportedActionView.as_view(methods=READ)),
    entity_route("points", "redeem|reverse", UnsupportedActionView.as_view(methods=WRITE)),
    entity_route("coupon", "isredeemable", UnsupportedActionView.as_view(methods=READ)),
    entity_route("coupon", "redeem|issue|reactivate", UnsupportedActionView.as_view(methods=WRITE)),
    re_path(r"^(?:api/)?v?1\.1(?:/.*)?\Z", UnknownResourceView.as_view()),
    re_path(r"^v[23](?:/.*)?\Z", unknown_path),
]
