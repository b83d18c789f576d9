"""Links of tickets to bills, coupons and ledger entries, and goodwill that is given from a ticket."""
