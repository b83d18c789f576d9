"""Recommendations as they are read (docs/protocol.md 4.15)."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RecommendationQuery:
    """How many products are asked for: in all (`limit`), and because of the same bought item (`product_limit`)."""

    limit: int
    product_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A recommended product. `because` describes the bought item with which it is bought together; "": it was imported."""

    item_sku: str
    description: str
    price: Decimal | None
    img_url: str
    score: Decimal | None
    because: str
