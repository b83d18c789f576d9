"""Links from referees to their referrers, and what referees did: registered, bought."""
