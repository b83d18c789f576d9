"""Mobile numbers, e-mail addresses and external ids."""
