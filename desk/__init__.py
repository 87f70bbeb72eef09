"""The domain of Ponte, free of any web or bot framework."""
