"""How well questions find the documentation that answers them, ours beside what else there is."""
