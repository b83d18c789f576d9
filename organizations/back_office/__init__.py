"""What do all rooms of the back office share? The base admin class, and who is at work in which organization."""
