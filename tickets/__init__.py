"""Tickets: what customers ask and complain about, who works on it until when, and what they were given for it."""
