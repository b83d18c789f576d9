"""The customer itself: row, names, field values, locks, back-office page."""
