"""The human side of the desk and the door to every channel."""
