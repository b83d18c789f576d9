"""The wire protocol; knows no app."""
