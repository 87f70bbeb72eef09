"""The bot's hands: what Rasa's rules and forms call to act on the desk."""
