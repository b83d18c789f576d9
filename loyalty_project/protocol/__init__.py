"""What rules and the wire both speak: codes, errors, values, moments, numbers."""
