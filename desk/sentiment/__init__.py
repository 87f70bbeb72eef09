"""How customers feel when they write, and whether it is urgent: learned from sentences."""
