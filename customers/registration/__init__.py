"""Reading an item, matching it to customers and changing them."""
