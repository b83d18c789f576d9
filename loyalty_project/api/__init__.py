"""The wire: HTTP in and out, without knowledge of any app."""
