"""People, their identifiers, cards and profiles, and the journeys that cross apps."""
