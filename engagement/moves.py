"""What of a customer's loyalty follows into another customer when the two are merged? (docs/protocol.md 2.4)"""

from customers.services.moving import Move, Stay
from engagement.models import Bill, DeferredEvent, Membership, PointsAccount, PurchaseTotals

MOVES = (
    Move(model=Membership, gives_way=("membership_unique",)),
    Move(model=Bill),
    Move(model=DeferredEvent),
)
STAYS = (
    Stay(model=PointsAccount, because="it becomes the history of the survivor's account: services.merging"),
    Stay(model=PurchaseTotals, because="they are counted anew from the bills that moved: services.merging"),
)
