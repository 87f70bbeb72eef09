"""The people who write to us, wherever they write from."""
