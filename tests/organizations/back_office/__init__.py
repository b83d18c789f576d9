"""Tests of what all rooms of the back office share."""
