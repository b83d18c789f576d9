"""Field definitions of an organization."""
