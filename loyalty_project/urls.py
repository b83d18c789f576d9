"""Addresses of the project: every viewset and every other route on a line."""

from django.contrib import admin
from django.urls import path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from customers.api.viewsets import CustomerViewSet
from customers.finding.admin import find_hits, find_page, reduced_card
from customers.preferences.api import PreferenceViewSet
from engagement.bills.api import BillViewSet
from engagement.coupons.api import CouponViewSet
from engagement.coupons.tills.api import CouponReactivationViewSet, CouponTillViewSet
from engagement.interactions.api import InteractionViewSet
from engagement.notes.api import NoteViewSet
from engagement.recommendations.api import RecommendationViewSet
from engagement.redemptions.api.history import RedemptionViewSet
from engagement.redemptions.api.points import PointsViewSet
from engagement.redemptions.api.reversal import PlainReversalView
from engagement.transactions.api import TransactionViewSet
from loyalty_project.api.error_pages import unknown_path
from loyalty_project.api.router import WireRouter
from loyalty_project.health import healthz, readyz
from loyalty_project.openapi import pages
from organizations.api.views import UnknownResourceView
from organizations.credentials.api import TokenView
from organizations.staff.confirmation import confirm_password
from organizations.two_step.admin import two_step
from referrals.api import ReferralViewSet
from subscriptions.api import SubscriptionViewSet
from tickets.ticket.api import TicketViewSet

handler400 = "loyalty_project.api.error_pages.bad_request"
handler403 = "loyalty_project.api.error_pages.permission_denied"
handler404 = "loyalty_project.api.error_pages.page_not_found"
handler500 = "loyalty_project.api.error_pages.server_error"

router = WireRouter()
router.register("customer", CustomerViewSet)
router.register("customer", TransactionViewSet)
router.register("customer", RedemptionViewSet)
router.register("customer", CouponViewSet)
router.register("customer", NoteViewSet)
router.register("customer", InteractionViewSet)
router.register("customer", PreferenceViewSet)
router.register("customer", RecommendationViewSet)
router.register("customer", SubscriptionViewSet)
router.register("customer", TicketViewSet)
router.register("customer", ReferralViewSet)
router.register("transaction", BillViewSet)
router.register("coupon", CouponTillViewSet)
router.register("points", PointsViewSet)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("docs", pages.swagger, name="swagger"),
    path("docs/redoc", pages.redoc, name="redoc"),
    path("docs/openapi.yaml", pages.document, name="openapi"),
    path("admin/confirm-password/", confirm_password, name="confirm_password"),
    path("admin/find/", admin.site.admin_view(find_page), name="find"),
    path("admin/find/hits/", admin.site.admin_view(find_hits), name="find_hits"),
    path("admin/find/card/<str:reference>/", admin.site.admin_view(reduced_card), name="reduced_card"),
    path("admin/two-step/", two_step, name="two_step"),
    path("admin/language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("v3/oauth/token/generate", TokenView.as_view()),
    *router.urls,
    re_path(r"^v2/coupon/reactivate/?\Z", CouponReactivationViewSet.as_view({"post": "reactivate"})),
    re_path(r"^(?:api/)?v?1\.1(?:/.*)?\Z", UnknownResourceView.as_view()),
    re_path(r"^v2/points/reverse/?\Z", PlainReversalView.as_view()),
    re_path(r"^v[23](?:/.*)?\Z", unknown_path),
]
