"""Tags that the team puts on conversations."""
