"""Calls of tills about coupons: coupon/isredeemable, redeem, issue, reactivate (docs/protocol.md, tills' part 5)."""
