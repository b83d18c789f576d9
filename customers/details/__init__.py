"""The parts of customer/get that print the customer itself."""
