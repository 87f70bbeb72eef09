"""Business hours and holidays: when a queue is open, and how long that was."""
