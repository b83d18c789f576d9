"""Back-office pages of coupons."""
