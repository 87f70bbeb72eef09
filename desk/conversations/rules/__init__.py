"""Rules on waiting, silence and status: after how long what happens by itself."""
