"""The people of the desk: users with their roles, the queues they serve, their logins."""
