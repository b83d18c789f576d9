"""Redemptions on the wire: customer/redemptions, and the tills' calls about points."""
