"""Back-office pages of programs and memberships."""
