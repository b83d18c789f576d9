"""Factories of interactions and notifications."""

from factory import SelfAttribute, Sequence, SubFactory

from engagement.interactions.models import Interaction, Notification
from tests.factories.base import TenantFactory
from tests.factories.bills import at
from tests.factories.customers import CustomerFactory


class InteractionFactory(TenantFactory):
    """A text message of our own."""

    class Meta:
        model = Interaction

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    network = "capillary"
    type = "sms"
    occurred_at = at("2026-01-05 10:00:00")
    sender = "SHOP"
    receiver = Sequence("9198{:08}".format)
    recorded_at = at("2026-01-06 00:00:00")


class SurveyFactory(InteractionFactory):
    """A survey that was answered with 9."""

    type = "survey"
    survey_name = "Spring"
    nps_score = 9
    completed_at = at("2026-01-06 09:00:00")


class NotificationFactory(InteractionFactory):
    """A notification at WeChat."""

    class Meta:
        model = Notification

    network = "wechat"
    type = "notification"
