"""Rows of consents that move to the survivor when two customers are merged (docs/protocol.md 2.4)."""

from customers.merging.transfer import KeptRows, MovedRows
from subscriptions.models import Consent, ConsentChange

MOVED = (MovedRows(model=Consent, conflicts=("consent_unique",)),)
KEPT = (KeptRows(model=ConsentChange, reason="the log of consents is never changed"),)
