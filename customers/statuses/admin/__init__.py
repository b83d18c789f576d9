"""Back-office pages of status labels, and the form that sets one."""
