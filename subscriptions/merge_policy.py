"""What of a customer's consents follows into another customer when the two are merged? (docs/protocol.md 2.4)"""

from customers.merging.transfer import KeptRows, MovedRows
from subscriptions.models import Consent, ConsentChange

MOVED = (MovedRows(model=Consent, gives_way=("consent_unique",)),)
KEPT = (KeptRows(model=ConsentChange, because="the log says who decided what, and is never changed"),)
