"""What the bot did not understand: grouped, decided by designers, written as training data."""
