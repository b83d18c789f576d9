"""How are days and moments written in the back office? As everywhere else in the product: 2026-11-20 14:26."""
