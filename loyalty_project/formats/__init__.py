"""Formats of days and times in the back office: 2026-11-20 14:26."""
