"""Events: what happened, in the form in which endpoints get it."""
