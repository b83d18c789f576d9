"""What do the rooms about customers share, whichever app they belong to? How customers are found."""
