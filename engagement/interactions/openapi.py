"""Description of customer/interaction (docs/protocol.md 4.13)."""

from typing import Final

from engagement.interactions.rules import FEEDS, NETWORKS, TYPES
from loyalty_project.openapi.common import IDENTIFIERS, IDENTITY, ITEM_STATUS, LOOKUP_CODES, MEMBER_CARE, PERIOD, choice
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import container, one_or_many, record, rows, text

_MESSAGE: Final = record(
    id=text(), sender=text(), receiver=text(), subject=text(), sent_time=text(), delivered_time=text(), status=text()
)
_SURVEY: Final = record(
    name=text(), nps_score=text(), sent_by=text(), response_url=text(), sent_time=text(), completion_time=text()
)
_INTERACTION: Final = record(
    "The newest first, 1000 of a type at most; `count` is of all that match.",
    required=("type", "count"),
    type=text(),
    count=text(),
    locs=container("loc", record(lat=text(), long=text(), time=text()), "Of check-ins."),
    messages=container("message", _MESSAGE, "Of e-mails, short messages and notifications."),
    latest_nps_score=text("Of the survey that was answered last; blank without an answer."),
    latest_survey_name=text("Of the same survey."),
    latest_survey_interaction_time=text("Of the same survey."),
    surveys=container("survey", _SURVEY, "Of surveys."),
)
INTERACTION: Final = Operation(
    section="4.13",
    summary="Read messages to customers and what they did",
    details="`interactions` is another name of the action. The status also has its code as `response_code`.",
    parameters=(
        *IDENTIFIERS,
        choice("network", "Of this network.", *NETWORKS, *FEEDS),
        choice("type", "Of this type.", *TYPES),
        *PERIOD,
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                "A failed item has the value asked for.",
                required=tuple(ITEM_STATUS),
                id=text(),
                **IDENTITY,
                interactions=container("network", record(name=text(), interaction=rows(_INTERACTION))),
                **ITEM_STATUS,
            )
        )
    },
    codes=(*LOOKUP_CODES, 1000, 91018, 91019),
)
