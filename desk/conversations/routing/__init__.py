"""Which queue a conversation goes to, learned from examples, and why it went there."""
