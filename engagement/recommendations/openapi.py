"""Description of customer/recommendations (docs/protocol.md 4.15)."""

from typing import Final

from loyalty_project.openapi.common import IDENTIFIERS, IDENTITY, ITEM_STATUS, LOOKUP_CODES, MEMBER_CARE, NAMES, flag, whole
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import container, one_or_many, record, text

_PRODUCT: Final = record(
    item_sku=text(),
    description=text("Also says why a product of the built-in recommender is recommended."),
    price=text(nullable=True),
    img_url=text(),
    score=text("Of the import, or the lift of the built-in recommender.", nullable=True),
)
RECOMMENDATIONS: Final = Operation(
    section="4.15",
    summary="Read the products recommended to customers",
    parameters=(
        *IDENTIFIERS,
        flag("user_id", "Adds `user_id`."),
        whole("limit", "Products of a customer: 10 by default, 1000 at most."),
        whole("product_limit", "Products because of the same bought item; as `limit` by default."),
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                required=tuple(ITEM_STATUS),
                **IDENTITY,
                **NAMES,
                user_id=text(),
                count={"type": "integer"},
                recommendations=container("recommendation", _PRODUCT),
                **ITEM_STATUS,
            )
        )
    },
    codes=(*LOOKUP_CODES, 1051, 1061),
)
