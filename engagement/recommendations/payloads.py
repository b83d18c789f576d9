"""Recommendations as printed (docs/protocol.md 4.15)."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers.profile.reading import CustomerRow
from engagement.recommendations.rows import Product
from loyalty_project.protocol.numbers import plain_digits


def customer_with_products(
    customer: CustomerRow, products: Sequence[Product], *, identifiers: Mapping[str, Any], with_id: bool
) -> dict[str, Any]:
    """The customer of `recommendations`, around the products; `with_id` adds `user_id`."""
    return {
        "mobile": identifiers.get("mobile"),
        "email": identifiers.get("email"),
        "external_id": identifiers.get("external_id"),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        **({"user_id": str(customer.pk)} if with_id else {}),
        "count": len(products),
        "recommendations": {"recommendation": [_row(product) for product in products]},
    }


def explain(product: Product) -> str:
    """Why the product is recommended, in words; "" if another system did so."""
    return f"bought together with {product.because}" if product.because else ""


def _row(product: Product) -> dict[str, str | None]:
    return {
        "item_sku": product.item_sku,
        "description": "; ".join(filter(None, (product.description, explain(product)))),
        "price": None if product.price is None else plain_digits(product.price),
        "img_url": product.img_url,
        "score": None if product.score is None else plain_digits(product.score),
    }
