"""Referral campaigns with the versions of their terms (docs/organization-file.md, referral_campaigns)."""
