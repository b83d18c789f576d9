"""Consents of customers to messages, by channel and priority."""
