"""Filter of back-office lists by campaign."""

from collections.abc import Iterable

from django.http import HttpRequest

from organizations.back_office.filters import RelatedRowFilter
from referrals.campaigns.models import ReferralCampaign


class CampaignFilter(RelatedRowFilter):
    """By campaign."""

    title = parameter_name = path = "campaign"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return ReferralCampaign.objects.values_list("pk", "token")
