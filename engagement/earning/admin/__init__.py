"""Back-office form that simulates a bill."""
