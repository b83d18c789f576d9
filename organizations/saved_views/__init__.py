"""Views of lists that members of staff saved for themselves."""
