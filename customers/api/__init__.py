"""Actions of customer/ on the wire, and what the actions of other apps share with them."""
