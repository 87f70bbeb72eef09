"""The documentation that the bot answers from: read, cut into passages, searched."""
