"""How well the assistant understands sentences that it never saw, against Rasa's default."""
