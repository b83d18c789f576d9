"""Adjustments of points by staff: made, approved by a second person above a limit, and taken back."""
