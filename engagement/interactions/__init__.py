"""Interactions with customers: messages, check-ins, surveys and posts, as other systems know them."""
