"""What of a customer's loyalty follows into another customer when the two are merged? (docs/protocol.md 2.4)"""

from customers.services.moving import Clash, Move, Stay
from engagement.models import Bill, DeferredEvent, Membership, PointsAccount, PurchaseTotals

MOVES = (
    Move(model=Membership, clashes={"membership_unique": Clash.SURVIVOR_WINS}),
    Move(model=Bill),
    Move(model=DeferredEvent),
)
STAYS = (
    Stay(model=PointsAccount, because="it becomes the history of the survivor's account: services.merging"),
    Stay(model=PurchaseTotals, because="they are counted anew from the bills that moved: services.merging"),
)
