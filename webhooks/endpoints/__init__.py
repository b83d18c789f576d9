"""Endpoints: addresses of other systems, their secrets, and how they are doing."""
