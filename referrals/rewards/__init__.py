"""Rewards of referrals: promised, held for review, given, taken back."""
