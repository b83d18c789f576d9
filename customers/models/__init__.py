"""Which rows describe a customer? The person, the identifiers, the cards and the profiles at other sources."""

from customers.models.cards import Card
from customers.models.customer import Customer
from customers.models.identifiers import Identifier
from customers.models.sources import SourceProfile

__all__ = ["Card", "Customer", "Identifier", "SourceProfile"]
