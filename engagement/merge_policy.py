"""What of a customer's loyalty follows into another customer when the two are merged? (docs/protocol.md 2.4)"""

from customers.merging.transfer import KeptRows, MovedRows
from engagement.bills.models import Bill, PurchaseTotals
from engagement.events.models import DeferredEvent
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership

MOVED = (
    MovedRows(model=Membership, gives_way=("membership_unique",)),
    MovedRows(model=Bill),
    MovedRows(model=DeferredEvent),
)
KEPT = (
    KeptRows(model=PointsAccount, because="it becomes the history of the survivor's account: services.merging"),
    KeptRows(model=PurchaseTotals, because="they are counted anew from the bills that moved: services.merging"),
)
