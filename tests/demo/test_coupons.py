"""Coupons of the demo."""

from pathlib import Path

from demo.coupons import give_demo_coupons
from demo.organization import ORGANIZATION_FILE
from engagement.coupons.models import Coupon, CouponRedemption
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import CustomerFactory
from use_cases.organization_file import check_document, load_organization


def test_some_customers_hold_coupons_and_have_redeemed_some(db: None) -> None:
    content = Path(ORGANIZATION_FILE).read_bytes()
    organization = load_organization(check_document(content, environment={})).organization
    by = command_actor("load_demo", organization)
    with organization_scope(organization):
        customers = CustomerFactory.create_batch(30, organization=organization)
        assert give_demo_coupons(customers, by=by, now=clock.now()) == Coupon.objects.count() == 14
        assert CouponRedemption.objects.count() == 5
        assert {use.store.code for use in CouponRedemption.objects.select_related("store")} == {"lun.king"}
        assert give_demo_coupons([], by=by, now=clock.now()) == 0
