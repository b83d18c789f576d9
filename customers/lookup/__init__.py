"""Looking up the customers that a call, a file or a page names."""
