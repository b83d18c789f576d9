"""Identity guard: signs that referrer and referee are one person, or that a ring refers itself."""
