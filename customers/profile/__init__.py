"""The customer: row, reads, sections of customer/get, back-office page."""
