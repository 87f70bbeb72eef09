"""Conversations: messages in order, who owns them, their status, what was asked of them."""
