"""What customers agreed to be sent, by channel and priority."""
