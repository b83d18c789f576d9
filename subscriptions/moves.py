"""What of a customer's consents follows into another customer when the two are merged? (docs/protocol.md 2.4)"""

from customers.services.moving import Clash, Move, Stay
from subscriptions.models import Consent, ConsentChange

MOVES = (Move(model=Consent, clashes={"consent_unique": Clash.SURVIVOR_WINS}),)
STAYS = (Stay(model=ConsentChange, because="the log says who decided what, and is never changed"),)
