"""The bridge: one message at a time from a customer to the bot, or to a person."""
