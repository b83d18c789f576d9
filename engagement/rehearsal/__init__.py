"""Rehearsals: a draft of a program's rules is tried on recorded bills, beside the rules of today (docs/operating.md)."""
