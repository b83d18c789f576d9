"""What crosses apps, one file a journey: the only modules that look at every app. Interfaces alone import them."""
